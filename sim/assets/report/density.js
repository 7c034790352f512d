"use strict";

// Charts are drawn with two dots per pixel at least, so that they are sharp on paper as well.
const density = window.devicePixelRatio;
Object.defineProperty(window, "devicePixelRatio", { get: () => Math.max(2, density) });
