// Which strategies are shown, in all charts alike.

class Selection {
  constructor(strategies) {
    this.shown = strategies.map((strategy) => strategy.shown);
    this.watchers = [];
  }

  set(wanted) {
    this.shown = this.shown.map((_, index) => wanted(index));
    for (const watcher of this.watchers) {
      watcher();
    }
  }

  toggle(index) {
    this.set((other) => (other === index ? !this.shown[other] : this.shown[other]));
  }

  watch(watcher) {
    this.watchers.push(watcher);
    watcher();
  }
}

// The buttons below a chart: one stop for the tabulator key, arrows go from one to the next. They also show
// the values at the crosshair.
class Legend {
  constructor(figure, selection) {
    this.buttons = [...figure.querySelectorAll(".legend button")];
    this.buttons.forEach((button, index) => {
      button.tabIndex = index === 0 ? 0 : -1;
      button.addEventListener("click", () => {
        this.focus(index);
        selection.toggle(index);
      });
      button.addEventListener("keydown", (event) => this.move(event, index));
    });
    selection.watch(() => {
      this.buttons.forEach((button, index) => {
        button.setAttribute("aria-pressed", String(selection.shown[index]));
      });
    });
  }

  move(event, index) {
    const last = this.buttons.length - 1;
    const to = {
      ArrowRight: Math.min(index + 1, last),
      ArrowDown: Math.min(index + 1, last),
      ArrowLeft: Math.max(index - 1, 0),
      ArrowUp: Math.max(index - 1, 0),
      Home: 0,
      End: last,
    }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      this.focus(to);
      this.buttons[to].focus();
    }
  }

  focus(index) {
    this.buttons.forEach((button, other) => {
      button.tabIndex = other === index ? 0 : -1;
    });
  }

  // The colour of a strategy, as the style sheet has it now.
  colour(index) {
    return getComputedStyle(this.buttons[index].querySelector(".swatch")).color;
  }

  show(values) {
    this.buttons.forEach((button, index) => {
      button.querySelector(".value").textContent = values[index] ?? "";
    });
  }
}
