// Uses reports as a reader would. Called with the browser and the reports: each must hold all that is checked here.

import { strict as assert } from "node:assert";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const [executablePath, ...reports] = process.argv.slice(2);
assert(reports.length > 0, "expected a browser and reports");

const browser = await chromium.launch({
  executablePath,
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
});

// Opens a report, and takes note of whatever it should not do.
async function open(report, options) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const faults = [];
  page.on("console", (message) => faults.push(`console: ${message.text()}`));
  page.on("pageerror", (error) => faults.push(`error: ${error}`));
  page.on("dialog", (dialog) => {
    faults.push(`dialog: ${dialog.message()}`);
    return dialog.dismiss();
  });
  const url = pathToFileURL(report).href;
  page.on("request", (request) => {
    if (request.url() !== url) {
      faults.push(`request: ${request.url()}`);
    }
  });
  await page.addInitScript(() => {
    window.violations = [];
    addEventListener("securitypolicyviolation", (event) => window.violations.push(event.violatedDirective));
  });
  await page.goto(url);
  await page.waitForFunction(() => document.documentElement.classList.contains("live"));
  // What is drawn is drawn in the next frame.
  const frame = () => page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  await frame();
  return { page, context, faults, frame };
}

async function close({ page, context, faults }) {
  assert.deepEqual(await page.evaluate(() => window.violations), []);
  assert.deepEqual(faults, []);
  await context.close();
}

// How many dots of each chart are coloured: grey is for axes.
function colouredDots(page) {
  return page.$$eval(".plot canvas", (canvases) =>
    canvases.map((canvas) => {
      const { width, height } = canvas;
      const copy = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
      copy.drawImage(canvas, 0, 0);
      const { data } = copy.getImageData(0, 0, width, height);
      let dots = 0;
      for (let at = 0; at < data.length; at += 4) {
        const [red, green, blue, alpha] = data.subarray(at, at + 4);
        if (alpha > 128 && Math.max(red, green, blue) - Math.min(red, green, blue) > 60) {
          dots += 1;
        }
      }
      return dots;
    }),
  );
}

// How bright the words beside the first chart's axis are.
function axisBrightness(page) {
  return page.locator("#throughput canvas").evaluate((canvas) => {
    const { height } = canvas;
    const width = 50;
    const copy = new OffscreenCanvas(width, height).getContext("2d");
    copy.drawImage(canvas, 0, 0);
    const { data } = copy.getImageData(0, 0, width, height);
    let least = 255;
    for (let at = 0; at < data.length; at += 4) {
      const [red, green, blue, alpha] = data.subarray(at, at + 4);
      if (alpha > 240) {
        least = Math.min(least, (red + green + blue) / 3);
      }
    }
    return least;
  });
}

// Whether the page is wider than its window.
async function fits(page, what) {
  const [page_, window_] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  assert(page_ <= window_, `${what}: ${page_} px in a window of ${window_} px`);
}

// What everybody needs.
async function read(report) {
  const opened = await open(report, { viewport: { width: 1280, height: 900 }, colorScheme: "light" });
  const { page, frame } = opened;
  await fits(page, "wide");

  assert.notEqual(await page.title(), "taken");
  assert.equal(await page.locator("script").count(), 2, "scripts that are not ours");
  assert.equal(await page.locator("img, iframe, object, link, base, form").count(), 0);
  assert((await page.locator(".lead").innerText()).length > 20, "a verdict");
  const rows = await page.locator(".results tbody tr:not(.part)").count();
  const figures = page.locator("figure");
  assert.equal(await figures.count(), 5);
  for (const figure of await figures.all()) {
    assert.equal(await figure.locator(".legend button").count(), rows, "a button per strategy");
    assert((await figure.locator("details tbody tr").count()) > 1, "a table instead of the chart");
    assert((await figure.locator("figcaption").innerText()).length > 20, "words about the chart");
    assert.equal(await figure.locator("canvas").count(), 1);
  }
  for (const id of await page.$$eval("[aria-labelledby], [aria-describedby]", (elements) =>
    elements.flatMap((it) => [it.getAttribute("aria-labelledby"), it.getAttribute("aria-describedby")]))) {
    for (const part of (id ?? "").split(" ").filter(Boolean)) {
      assert.equal(await page.locator(`#${part}`).count(), 1, `an element named ${part}`);
    }
  }
  // Letters keep their direction: nothing turns the page around.
  assert(!/[\u202a-\u202e\u2066-\u2069\u2028\u2029]/.test(await page.evaluate(() => document.documentElement.textContent)));

  await toggles(page, frame);
  await crosshair(page);
  await themes(page, frame);
  await paper(page, frame);
  await close(opened);
}

// Strategies go and come, in all charts alike, by mouse and by keyboard.
async function toggles(page, frame) {
  await page.locator("[data-show=all]").click();
  await frame();
  const all = await colouredDots(page);
  for (const [place, dots] of all.entries()) {
    assert(dots > 200, `chart ${place} shows ${dots} dots`);
  }
  const pressed = () => page.$$eval(".legend button", (buttons) => buttons.map((it) => it.getAttribute("aria-pressed")));
  assert((await pressed()).every((it) => it === "true"));
  await page.locator("[data-show=none]").click();
  await frame();
  assert((await pressed()).every((it) => it === "false"));
  assert((await colouredDots(page)).every((dots) => dots === 0), "nothing is left");

  const figure = page.locator("#throughput");
  const buttons = figure.locator(".legend button");
  await buttons.nth(0).click();
  await frame();
  assert.equal(await buttons.nth(0).getAttribute("aria-pressed"), "true");
  assert.equal(await page.locator("#latency .legend button").nth(0).getAttribute("aria-pressed"), "true");
  const one = await colouredDots(page);
  assert(one[0] > 100 && one[0] < all[0], "one strategy is less than all");

  await page.keyboard.press("Space");
  assert.equal(await buttons.nth(0).getAttribute("aria-pressed"), "false");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Enter");
  assert.equal(await buttons.nth(1).getAttribute("aria-pressed"), "true");
  await page.keyboard.press("End");
  await page.keyboard.press("Space");
  assert.equal(await buttons.last().getAttribute("aria-pressed"), "true");
  await page.keyboard.press("Shift+Tab");
  assert(await figure.locator(".plot").evaluate((plot) => plot === document.activeElement), "one stop per legend");
}

// Values are read with the mouse and with the arrow keys.
async function crosshair(page) {
  await page.locator("[data-show=all]").click();
  const figure = page.locator("#throughput");
  await figure.locator(".plot").focus();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  const said = await figure.locator(".spoken").textContent();
  assert(/^At .+\. .+: [\d.,]+/s.test(said), said);
  assert(/^[\d.,]+$/.test(await figure.locator(".value").first().textContent()));
  await page.keyboard.press("Escape");
  assert.equal(await figure.locator(".value").first().textContent(), "");

  const latency = page.locator("#latency");
  await latency.locator(".u-over").hover();
  assert(/^Fastest [\d.]+ %$/.test(await latency.locator(".readout").textContent()));
  assert(/ (ms|s|min|h|d)$/.test(await latency.locator(".value").first().textContent()));
  await page.mouse.move(2, 2);

  const choice = page.locator("#left select");
  await choice.focus();
  await page.keyboard.press("ArrowDown");
  assert.equal(await choice.evaluate((select) => select.selectedIndex), 1);
}

const background = (page) => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
const brightness = (colour) => colour.match(/\d+/g).slice(0, 3).reduce((sum, part) => sum + Number(part), 0) / 3;

async function themes(page, frame) {
  assert(brightness(await background(page)) > 200, "light by daylight");
  const axes = () => page.locator("#throughput .plot").evaluate((plot) => getComputedStyle(plot).color);
  const before = await axes();
  await page.locator("#theme").focus();
  await page.keyboard.press("Enter");
  await frame();
  assert.equal(await page.locator("#theme").getAttribute("aria-pressed"), "true");
  assert(brightness(await background(page)) < 60, "dark at will");
  assert((await axisBrightness(page)) > 130, "bright words in the dark");
  assert.notEqual(await axes(), before);
}

// Paper is white, whatever the screen is, and shows charts and no controls.
async function paper(page, frame) {
  const pdf = await page.pdf({ preferCSSPageSize: true, printBackground: true });
  assert.equal(pdf.subarray(0, 5).toString("latin1"), "%PDF-");
  assert(pdf.length > 20_000, `a document of ${pdf.length} bytes`);
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), "dark", "the screen is as before");

  // As printing does, step by step.
  await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
  assert((await axisBrightness(page)) < 130, "dark words for paper");
  await page.emulateMedia({ media: "print" });
  await frame();
  assert(brightness(await background(page)) > 250, "white paper");
  for (const hidden of ["#theme", ".controls", ".readout", "figure details"]) {
    assert(!(await page.locator(hidden).first().isVisible()), `${hidden} on paper`);
  }
  assert(await page.locator("#throughput canvas").isVisible());
  assert((await colouredDots(page)).every((dots) => dots > 200), "charts on paper");
  // Landscape, less its margins, of the narrower of the two usual papers.
  await page.setViewportSize({ width: 964, height: 700 });
  const cut = await page.$$eval(".results table, .results th, .results td, canvas, pre", (parts) =>
    parts.filter((it) => it.getBoundingClientRect().right > innerWidth + 1 || it.scrollWidth > it.clientWidth + 1).length);
  assert.equal(cut, 0, "parts cut off");
  await page.emulateMedia({ media: null });
  await page.evaluate(() => dispatchEvent(new Event("afterprint")));
}

async function phone(report) {
  const opened = await open(report, {
    viewport: { width: 390, height: 844 },
    deviceScaleFactor: 2,
    isMobile: true,
    hasTouch: true,
    colorScheme: "light",
  });
  const { page, frame } = opened;
  await fits(page, "phone");
  const box = page.locator(".results .box");
  assert(await box.evaluate((it) => it.scrollWidth > it.clientWidth), "the table scrolls in its box");
  for (const summary of await page.locator("summary").all()) {
    await summary.click();
  }
  await fits(page, "phone, all unfolded");
  const button = page.locator("#queue .legend button").last();
  const before = await button.getAttribute("aria-pressed");
  await button.tap();
  assert.notEqual(await button.getAttribute("aria-pressed"), before);
  await frame();
  await page.setViewportSize({ width: 844, height: 390 });
  await frame();
  await fits(page, "phone, turned");
  await close(opened);
}

async function dark(report) {
  const opened = await open(report, { viewport: { width: 1280, height: 900 }, colorScheme: "dark" });
  const { page } = opened;
  assert(brightness(await background(page)) < 60, "dark at night");
  assert.equal(await page.locator("#theme").getAttribute("aria-pressed"), "true");
  assert((await colouredDots(page)).some((dots) => dots > 100));
  await close(opened);
}

// Without code there are still verdict and tables.
async function bare(report) {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(pathToFileURL(report).href);
  assert(await page.locator(".lead").isVisible());
  assert(await page.locator("noscript").isVisible());
  await page.locator("#queue summary").click();
  assert(await page.locator("#queue details table").isVisible());
  await context.close();
}

try {
  for (const report of reports) {
    for (const look of [read, phone, dark, bare]) {
      await look(report);
      console.log(`${report}: ${look.name}: well`);
    }
  }
} finally {
  await browser.close();
}
