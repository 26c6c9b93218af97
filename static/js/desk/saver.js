/**
 * Keeps boxes on the server, one request at a time, always what is shown last.
 * @typedef {import("./boxes.js").Box} Box
 * @typedef {{status: number, body: any}} Answer
 */

/**
 * @param {string} method
 * @param {string} url
 * @param {object} [body]
 * @param {typeof fetch} [send]
 * @returns {Promise<Answer>} status 0 when no answer came at all
 */
export async function ask(method, url, body, send = globalThis.fetch.bind(globalThis)) {
  const token = document.querySelector('meta[name="csrf-token"]')?.getAttribute("content") ?? "";
  try {
    const response = await send(url, {
      method,
      credentials: "same-origin",
      cache: "no-store",
      headers: { Accept: "application/json", ...(body ? { "Content-Type": "application/json", "X-CSRFToken": token } : {}) },
      body: body ? JSON.stringify(body) : undefined,
    });
    const json = (response.headers.get("Content-Type") ?? "").includes("json");
    return { status: response.status, body: json ? await response.json() : {} };
  } catch (error) {
    return { status: 0, body: { detail: error instanceof Error ? error.message : String(error) } };
  }
}

export class Saver {
  /**
   * @param {number} revision
   * @param {(revision: number, boxes: Box[]) => Promise<Answer>} put
   * @param {(state: "saving"|"saved"|"stale"|"failed", reason: string) => void} tell
   */
  constructor(revision, put, tell) {
    this.revision = revision;
    this.put = put;
    this.tell = tell;
    /** @type {Box[]|null} */
    this.waiting = null;
    /** @type {Promise<void>|null} */
    this.running = null;
    this.stale = false;
  }

  /** @param {Box[]} boxes */
  save(boxes) {
    this.waiting = boxes;
    this.running ??= this.run().finally(() => (this.running = null));
  }

  async run() {
    while (this.waiting && !this.stale) {
      const boxes = this.waiting;
      this.waiting = null;
      this.tell("saving", "");
      const { status, body } = await this.put(this.revision, boxes);
      if (status === 200) {
        this.revision = body.revision;
        this.tell("saved", "");
      } else {
        this.stale = status === 409;
        this.tell(this.stale ? "stale" : "failed", String(body.detail ?? status));
        if (!this.stale) return;
      }
    }
  }

  /** Wait until nothing is on its way. */
  async settled() {
    while (this.running) await this.running;
  }
}
