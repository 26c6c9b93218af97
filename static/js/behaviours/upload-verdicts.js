/** Verdicts of the files that were sent: one request per batch, however many files it has. */

/** @typedef {import("./upload-row.js").Verdict} Verdict */

const EVERY_MS = 3_000;
const AT_MOST_EVERY_MS = 700;
/** A verdict that has not come by then comes with the next page load. */
const ENDS_MS = 2 * 3_600_000;

export class Verdicts {
  /**
   * @param {(stateUrl: string) => boolean} isAwaited whether a file of the batch still waits for its verdict
   * @param {(stateUrl: string, verdicts: Verdict[] | null) => void} tell null: the batch is gone
   */
  constructor(isAwaited, tell) {
    this.isAwaited = isAwaited;
    this.tell = tell;
    /** @type {Map<string, {since: string, reading: boolean, again: boolean, ends: number}>} */
    this.batches = new Map();
    this.timer = 0;
    this.soon = 0;
  }

  /** @param {string} stateUrl of a batch to follow */
  follow(stateUrl) {
    if (stateUrl && !this.batches.has(stateUrl)) {
      this.batches.set(stateUrl, { since: "", reading: false, again: false, ends: Date.now() + ENDS_MS });
    }
    if (!this.timer) this.timer = window.setInterval(() => this.readAll(), EVERY_MS);
  }

  /** News came; many in a row are one reading. */
  news() {
    if (this.soon || !this.batches.size) return;
    this.soon = window.setTimeout(() => {
      this.soon = 0;
      this.readAll();
    }, AT_MOST_EVERY_MS);
  }

  stop() {
    window.clearInterval(this.timer);
    window.clearTimeout(this.soon);
    this.timer = this.soon = 0;
  }

  readAll() {
    const awaited = [...this.batches.keys()].filter((url) => this.isAwaited(url));
    for (const url of awaited) void this.read(url);
    if (!awaited.length) this.stop();
  }

  /** @param {string} stateUrl */
  async read(stateUrl) {
    const batch = this.batches.get(stateUrl);
    if (!batch || Date.now() > batch.ends) return;
    if (batch.reading) {
      batch.again = true;
      return;
    }
    batch.reading = true;
    try {
      let more = true;
      while (more) {
        const address = `${stateUrl}?since=${encodeURIComponent(batch.since)}`;
        const answer = await fetch(address, { headers: { Accept: "application/json" }, credentials: "same-origin" });
        more = false;
        if (answer.status === 404) this.tell(stateUrl, null);
        else if (answer.ok) {
          const news = await answer.json();
          batch.since = news.now;
          more = news.more;
          this.tell(stateUrl, news.uploads);
        }
      }
    } catch (error) {
      // The network came and went; the next round reads again.
      console.info("Verdicts could not be read:", error);
    } finally {
      batch.reading = false;
    }
    if (batch.again) {
      batch.again = false;
      this.news();
    }
  }
}
