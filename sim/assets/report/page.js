// Brings the page to life.

const page = JSON.parse(document.getElementById("data").textContent);
page.selection = new Selection(page.strategies);

const charts = page.charts.map((data) => new Chart(document.getElementById(data.id), data, page));

const chosen = {
  all: () => true,
  none: () => false,
  few: (index) => page.strategies[index].shown,
};
for (const button of document.querySelectorAll("[data-show]")) {
  button.addEventListener("click", () => page.selection.set(chosen[button.dataset.show]));
}

// The theme: the reader's, until the button says otherwise; light on paper.
const root = document.documentElement;
const dark = matchMedia("(prefers-color-scheme: dark)");
const theme = document.getElementById("theme");

function themed() {
  theme.setAttribute("aria-pressed", String((root.dataset.theme ?? (dark.matches ? "dark" : "light")) === "dark"));
  for (const chart of charts) {
    chart.redraw();
  }
}
theme.addEventListener("click", () => {
  root.dataset.theme = theme.getAttribute("aria-pressed") === "true" ? "light" : "dark";
  themed();
});
dark.addEventListener("change", themed);
themed();

let kept;
addEventListener("beforeprint", () => {
  kept = root.dataset.theme;
  root.dataset.theme = "light";
  root.classList.add("paper");
  for (const chart of charts) {
    chart.fit();
  }
  themed();
});
addEventListener("afterprint", () => {
  root.classList.remove("paper");
  if (kept === undefined) {
    delete root.dataset.theme;
  } else {
    root.dataset.theme = kept;
  }
  for (const chart of charts) {
    chart.fit();
  }
  themed();
});
root.classList.add("live");
