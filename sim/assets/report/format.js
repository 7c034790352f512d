// Numbers as people read them: the same words that the tables use.

const grouped = new Intl.NumberFormat("en-US", { maximumFractionDigits: 1 });
const fine = new Intl.NumberFormat("en-US", { maximumFractionDigits: 2 });

function threeDigits(number) {
  return number.toFixed(number >= 99.95 ? 0 : number >= 9.995 ? 1 : 2);
}

function shortCount(number) {
  for (const [unit, name] of [[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"]]) {
    if (number >= unit) {
      return `${fine.format(number / unit)} ${name}`;
    }
  }
  return fine.format(number);
}

function span(seconds) {
  for (const [unit, name] of [[86400, "d"], [3600, "h"], [60, "min"]]) {
    if (seconds >= 2 * unit) {
      return `${threeDigits(seconds / unit)} ${name}`;
    }
  }
  return seconds >= 0.9995 ? `${threeDigits(seconds)} s` : `${threeDigits(seconds * 1e3)} ms`;
}

// A round span without idle zeros, for axes.
function roundSpan(seconds) {
  for (const [unit, name] of [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"], [1e-3, "ms"]]) {
    if (seconds >= unit * 0.999) {
      return `${fine.format(seconds / unit)} ${name}`;
    }
  }
  return `${fine.format(seconds * 1e6)} µs`;
}

// A moment since the start: 6 h 25 min.
function moment(seconds) {
  const parts = [];
  let left = Math.round(seconds * 1e3) / 1e3;
  for (const [unit, name] of [[86400, "d"], [3600, "h"], [60, "min"]]) {
    const whole = Math.floor(left / unit);
    if (whole > 0) {
      parts.push(`${whole} ${name}`);
      left -= whole * unit;
    }
  }
  left = Math.round(left * 1e3) / 1e3;
  if (left > 0 || parts.length === 0) {
    parts.push(`${left} s`);
  }
  return parts.join(" ");
}

const formats = {
  count: { value: (number) => grouped.format(number), tick: shortCount },
  percent: {
    value: (share) => `${(share * 100).toFixed(1)} %`,
    tick: (share) => `${Math.round(share * 100)} %`,
  },
  span: { value: span, tick: roundSpan },
};
