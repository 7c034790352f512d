// One figure: a chart with a crosshair that the mouse or the keyboard moves.

const DASHES = [[], [9, 5], [2, 4]];
const COLOURS = 7;
// Where a logarithmic axis of time has its marks.
const TIMES = [
  1e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.1, 1, 10, 60, 600, 3600, 36000, 86400, 864000, 8640000, 86400000, 864000000,
];

class Chart {
  constructor(figure, data, page) {
    this.data = data;
    this.page = page;
    this.format = formats[data.format];
    this.plotted = figure.querySelector(".plot");
    this.readout = figure.querySelector(".readout");
    this.spoken = figure.querySelector(".spoken");
    this.legend = new Legend(figure, page.selection);
    this.choice = 0;
    this.uplot = new uPlot(this.options(), this.columns(), this.plotted);
    this.listen(figure);
  }

  get width() {
    return Math.max(240, Math.floor(this.plotted.clientWidth));
  }

  get height() {
    if (document.documentElement.classList.contains("paper")) {
      return 210;
    }
    return this.width < 560 ? 250 : 300;
  }

  columns() {
    return [this.data.x, ...this.data.choices[this.choice]];
  }

  options() {
    const { data, page } = this;
    const stepped = uPlot.paths.stepped({ align: 1 });
    const colour = (property) => () => getComputedStyle(this.plotted).getPropertyValue(property);
    const font = "12px system-ui, sans-serif";
    const axis = {
      stroke: colour("color"),
      grid: { stroke: colour("outline-color"), width: 1 },
      ticks: { stroke: colour("outline-color"), width: 1, size: 5 },
      font,
      labelFont: font,
      labelSize: 20,
      labelGap: 2,
    };
    return {
      width: this.width,
      height: this.height,
      legend: { show: false },
      padding: [10, 14, 0, 0],
      cursor: {
        y: false,
        drag: { x: false, y: false },
        focus: { prox: 16 },
        points: { size: 7 },
        sync: data.time ? { key: "time", setSeries: false } : undefined,
      },
      focus: { alpha: 0.3 },
      scales: {
        x: { time: false, range: [data.x[0] ?? 0, data.x[data.x.length - 1] ?? 1] },
        y: { range: (_, least, most) => this.range(least, most), ...(data.log ? { distr: 3 } : {}) },
      },
      axes: [
        {
          ...axis,
          size: 30,
          label: data.x_label,
          values: (_, splits) => splits.map((split) => fine.format(split)),
        },
        {
          ...axis,
          size: (_, values) => 14 + 6.6 * Math.max(2, ...(values ?? []).map((it) => (it ?? "").length)),
          label: data.y_label,
          values: (_, splits) => splits.map((split) => this.format.tick(split)),
          ...(data.log ? { splits: (_, __, least, most) => TIMES.filter((it) => it >= least && it <= most), filter: (_, splits) => splits } : {}),
        },
      ],
      series: [
        {},
        ...page.strategies.map((strategy, index) => ({
          label: strategy.name,
          show: page.selection.shown[index],
          stroke: () => this.legend.colour(index),
          width: 1.75,
          dash: DASHES[Math.floor(index / COLOURS) % DASHES.length],
          points: { show: false },
          ...(data.stepped ? { paths: stepped } : {}),
        })),
      ],
      hooks: {
        draw: [(plot) => this.drawLine(plot)],
        setCursor: [(plot) => this.read(plot.cursor.idx)],
      },
    };
  }

  range(least, most) {
    const { data } = this;
    if (data.format === "percent") {
      return [0, 1];
    }
    if (data.log) {
      const [from, to] = [least ?? 0.1, most ?? 10];
      return [from * 0.8, Math.max(to * 1.25, from * 10)];
    }
    return [0, Math.max(most ?? 0, data.line?.value ?? 0, 1) * 1.06];
  }

  // The limit, as a dashed line across with its name.
  drawLine(plot) {
    const { line } = this.data;
    if (!line) {
      return;
    }
    const { ctx, bbox } = plot;
    const y = Math.round(plot.valToPos(line.value, "y", true)) + 0.5;
    const dot = uPlot.pxRatio;
    ctx.save();
    ctx.strokeStyle = ctx.fillStyle = getComputedStyle(this.plotted).color;
    ctx.lineWidth = dot;
    ctx.setLineDash([5 * dot, 4 * dot]);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
    ctx.font = `${11.5 * dot}px system-ui, sans-serif`;
    ctx.textAlign = "right";
    ctx.textBaseline = "top";
    ctx.fillText(line.label, bbox.left + bbox.width - 4 * dot, y + 4 * dot);
    ctx.restore();
  }

  listen(figure) {
    const { page } = this;
    page.selection.watch(() => {
      page.selection.shown.forEach((show, index) => {
        if (this.uplot.series[index + 1].show !== show) {
          this.uplot.setSeries(index + 1, { show });
        }
      });
    });
    new ResizeObserver(() => this.fit()).observe(this.plotted);
    this.plotted.addEventListener("keydown", (event) => this.key(event));
    figure.querySelector("select")?.addEventListener("change", (event) => {
      this.choice = event.target.selectedIndex;
      this.uplot.setData(this.columns());
    });
  }

  fit() {
    if (this.uplot.width !== this.width || this.uplot.height !== this.height) {
      this.uplot.setSize({ width: this.width, height: this.height });
    }
  }

  redraw() {
    this.uplot.redraw(false, true);
  }

  // Arrows move the crosshair.
  key(event) {
    const last = this.data.x.length - 1;
    const at = this.uplot.cursor.idx;
    const to = {
      ArrowRight: Math.min((at ?? -1) + 1, last),
      ArrowLeft: Math.max((at ?? last + 1) - 1, 0),
      PageDown: Math.min((at ?? -1) + 10, last),
      PageUp: Math.max((at ?? last + 1) - 10, 0),
      Home: 0,
      End: last,
      Escape: null,
    }[event.key];
    if (to === undefined || last < 0) {
      return;
    }
    event.preventDefault();
    const left = to === null ? -10 : this.uplot.valToPos(this.data.x[to], "x");
    this.uplot.setCursor({ left, top: to === null ? -10 : 0 });
    this.spoken.textContent = to === null ? "" : this.sentence(to);
  }

  // Shows the values at this place of the x axis.
  read(index) {
    if (index === null || index === undefined) {
      this.readout.textContent = this.data.hint;
      this.legend.show([]);
      return;
    }
    this.readout.textContent = this.place(index);
    this.legend.show(this.page.strategies.map((_, strategy) => this.value(strategy, index)));
  }

  place(index) {
    const x = this.data.x[index];
    return this.data.time ? `At ${moment(x * this.data.time)}` : `Fastest ${fine.format(x)} %`;
  }

  value(strategy, index) {
    const value = this.data.choices[this.choice][strategy][index];
    return value === null || value === undefined ? "–" : this.format.value(value);
  }

  sentence(index) {
    const { strategies, selection } = this.page;
    const values = strategies
      .map((strategy, place) => `${strategy.name}: ${this.value(place, index)}`)
      .filter((_, place) => selection.shown[place]);
    return `${this.place(index)}. ${values.join("; ")}`;
  }
}
