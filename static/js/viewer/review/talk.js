/**
 * The review in the panel: what is said about a layer, and the verdict of who reviews it. Fetched only where a layer
 * has comments or may be reviewed.
 * @typedef {import("../types.js").Annotation} Annotation
 * @typedef {import("../viewer.js").Viewer} Viewer
 * @typedef {import("./threads.js").Comment} Comment
 * @typedef {{frame: number, x: number, y: number}} Place
 */
import { h } from "../ui/dom.js";
import { zoomAt, toScreen } from "../viewport.js";
import { Pins } from "./pins.js";
import { reviewWords } from "./strings.js";
import { arrivedSince, threadsOf } from "./threads.js";

const MOST_PAGES = 10;

/** The style sheet of what few visits need. */
function fetchStyle() {
  const files = document.getElementById("review-files")?.textContent;
  if (!files) return;
  const link = h("link", { rel: "stylesheet", href: JSON.parse(files).style });
  document.head.append(link);
}

export class Talk {
  /** @param {Viewer} viewer */
  constructor(viewer) {
    this.viewer = viewer;
    this.t = reviewWords();
    /** @type {Annotation[]} */
    this.layers = [];
    /** @type {Comment[]|null} */
    this.comments = null;
    /** @type {Place|null} */
    this.place = null;
    /** @type {Comment|null} */
    this.answering = null;
    this.status = "";
    this.pins = new Pins(viewer, (place) => this.pinned(place));
    this.build();
    fetchStyle();
  }

  build() {
    const { t } = this;
    this.choice = h("select", { class: "viewer-select", "aria-label": t("layer"), onchange: () => this.render() });
    this.state = h("p", { class: "viewer-verdict" });
    this.list = h("ol", { class: "viewer-talk" });
    this.words = h("textarea", { class: "viewer-text", rows: "3", maxlength: "2000", "aria-label": t("words"), placeholder: t("words") });
    this.about = h("p", { class: "viewer-about" });
    this.trouble = h("p", { class: "viewer-reason", role: "alert" });
    /** @param {string} text @param {() => void} press @param {string} [more] */
    const button = (text, press, more = "") => h("button", { type: "button", class: `viewer-action ${more}`, onclick: press }, text);
    this.here = button(t("place"), () => this.askPlace());
    this.sends = button(t("send"), () => void this.send(), "is-main");
    this.accepts = button(t("accept"), () => void this.verdict("accept"));
    this.returns = button(t("giveBack"), () => void this.verdict("return"));
    this.leaves = button(t("cancel"), () => this.begin(null));
    this.form = h("div", { class: "viewer-reply" }, this.about, this.words, h("div", { class: "viewer-answers is-tight" }, this.here, this.leaves, this.returns, this.accepts, this.sends), this.trouble);
    this.section = h("section", { class: "viewer-section viewer-review", "aria-label": t("review") }, h("h3", { class: "viewer-heading" }, t("review")), this.choice, this.state, this.list, this.form);
    const panel = this.viewer.panel.element;
    const foot = panel.querySelector(".viewer-foot");
    if (foot) foot.before(this.section);
    else panel.append(this.section);
  }

  /** The layer that is spoken of: the chosen one of those that may be reviewed, or one's own. */
  get layer() {
    return this.layers.find((one) => String(one.id) === this.choice?.value) ?? null;
  }

  /** @param {Annotation[]} annotations what the series has now */
  async show(annotations) {
    this.layers = annotations.filter((one) => one.can_review || (one.layer === "mine" && (one.comments ?? 0) > 0) || (one.layer === "mine" && ["accepted", "returned"].includes(one.status)));
    this.fillChoice();
    const before = this.comments;
    try {
      this.comments = await this.fetchComments();
    } catch (error) {
      this.complain(error);
    }
    this.render();
    const mine = this.layers.find((one) => one.layer === "mine");
    const verdict = mine && ["accepted", "returned"].includes(mine.status) ? mine.status : "";
    if (before && this.comments) {
      const count = arrivedSince(before, this.comments);
      if (verdict && verdict !== this.status) this.viewer.say(this.t("verdict", { state: this.t(/** @type {any} */ (verdict)) }));
      else if (count > 0) this.viewer.say(this.t("arrived", { n: count }));
    }
    this.status = verdict;
  }

  async fetchComments() {
    const { api, series } = this.viewer;
    /** @type {Comment[]} */
    const found = [];
    let url = `${api.root}comments/?series=${series.id}&page_size=100`;
    for (let page = 0; url && page < MOST_PAGES; page += 1) {
      const answer = await api.send("GET", url);
      found.push(...answer.results);
      const next = answer.next ? new URL(answer.next, "http://localhost") : null;
      url = next ? next.pathname + next.search : "";
    }
    return found;
  }

  fillChoice() {
    const { choice, t } = this;
    if (!choice) return;
    const chosen = choice.value;
    const mine = this.viewer.t("mine");
    const options = this.layers.map((one) => h("option", { value: String(one.id) }, `${one.layer === "mine" ? mine : one.author} · ${t(/** @type {any} */ (one.status))}`));
    // A list that is being chosen from stays as it is.
    if (document.activeElement !== choice || options.length !== choice.options.length) choice.replaceChildren(...options);
    if (this.layers.some((one) => String(one.id) === chosen)) choice.value = chosen;
    choice.hidden = this.layers.length < 2;
    if (this.section) this.section.hidden = this.layers.length === 0;
  }

  render() {
    const { layer, t } = this;
    if (!layer || !this.list || !this.state || !this.form) return;
    const threads = threadsOf(this.comments ?? [], new Set([layer.id]));
    const held = document.activeElement instanceof HTMLElement ? document.activeElement.dataset.comment : undefined;
    this.state.textContent = `${layer.layer === "mine" ? this.viewer.t("mine") : layer.author}: ${t(/** @type {any} */ (layer.status))}`;
    this.state.dataset.state = layer.status;
    this.list.replaceChildren(
      ...threads.map(({ comment, number, answers }) => h("li", {}, this.line(comment, number), ...answers.map((one) => this.line(one, null)), this.answerButton(comment))),
    );
    if (threads.length === 0) this.list.append(h("li", { class: "viewer-empty" }, t("none")));
    if (held) /** @type {HTMLElement|null} */ (this.list.querySelector(`[data-comment="${held}"]`))?.focus();
    this.showPins(threads);
    this.renderForm();
  }

  /** @param {import("./threads.js").Thread[]} threads */
  showPins(threads) {
    const pins = threads.flatMap(({ comment, number }) => {
      const { frame, x, y, author, text } = comment;
      if (number === null || frame === null || x === null || y === null) return [];
      return [{ key: String(comment.id), frame, at: /** @type {[number, number]} */ ([x, y]), text: String(number), name: this.t("pin", { n: number, author, text }), draft: false, press: () => this.find(comment) }];
    });
    const { place } = this;
    const draft = place ? [{ key: "draft", frame: place.frame, at: /** @type {[number, number]} */ ([place.x, place.y]), text: "+", name: this.t("placed", { n: place.frame + 1 }), draft: true, press: () => this.words?.focus() }] : [];
    this.pins.show([...pins, ...draft]);
  }

  /** @param {Comment} comment @param {number|null} number */
  line(comment, number) {
    const { t } = this;
    const where = comment.frame === null ? "" : ` · ${t("image", { n: comment.frame + 1 })}`;
    const head = h("span", { class: "viewer-said-by" }, number === null ? null : h("span", { class: "viewer-pin is-small" }, String(number)), `${comment.author}${where}`);
    const text = h("span", { class: "viewer-said" }, comment.text);
    const attributes = { "data-comment": String(comment.id), class: `viewer-said-line${comment.answer_to === null ? "" : " is-answer"}` };
    if (comment.frame === null || comment.x === null) return h("p", { ...attributes, tabindex: "-1" }, head, text);
    return h("button", { ...attributes, type: "button", onclick: () => this.jump(comment) }, head, text);
  }

  /** @param {Comment} comment */
  answerButton(comment) {
    return h("button", { type: "button", class: "viewer-change", "data-comment": `answer-${comment.id}`, "aria-label": this.t("answerTo", { author: comment.author }), onclick: () => this.begin(comment) }, this.t("answer"));
  }

  renderForm() {
    const { layer, t, place, answering } = this;
    if (!layer || !this.form || !this.about || !this.here || !this.accepts || !this.returns || !this.leaves || !this.sends) return;
    const reviewer = Boolean(layer.can_review);
    this.form.hidden = !reviewer && answering === null;
    this.about.textContent = [answering ? t("answerTo", { author: answering.author }) : "", place ? t("placed", { n: place.frame + 1 }) : ""].filter(Boolean).join(" · ");
    this.here.hidden = !reviewer || answering !== null;
    this.leaves.hidden = answering === null && place === null;
    this.accepts.hidden = !reviewer || layer.status !== "submitted" || answering !== null;
    this.returns.hidden = !reviewer || !["submitted", "accepted"].includes(layer.status) || answering !== null;
  }

  /** @param {Comment|null} comment what is answered; null: nothing any more */
  begin(comment) {
    this.answering = comment;
    this.place = null;
    this.tell("");
    this.render();
    if (comment) this.words?.focus();
  }

  askPlace() {
    this.pins.ask();
    this.viewer.say(this.t("placeHint"));
  }

  /** @param {Place} place */
  pinned(place) {
    this.place = place;
    this.render();
    this.words?.focus();
    this.viewer.say(this.t("placed", { n: place.frame + 1 }));
  }

  /** Go to the image and the place of a comment. @param {Comment} comment */
  jump(comment) {
    const { viewer } = this;
    if (comment.frame === null || comment.x === null || comment.y === null) return;
    viewer.goTo(comment.frame);
    const { view } = viewer.state;
    if (view) {
      const [x, y] = toScreen(view, viewer.aspect, [comment.x, comment.y]);
      const { width, height } = viewer.size;
      const outside = x < 20 || y < 20 || x > width - 20 || y > height - 20;
      if (outside) viewer.setView(zoomAt({ ...view, tx: view.tx + width / 2 - x, ty: view.ty + height / 2 - y }, 1, [width / 2, height / 2]));
    }
    this.pins.mark(String(comment.id));
    viewer.say(this.t("pin", { n: "", author: comment.author, text: comment.text }));
  }

  /** From a pin to its words. @param {Comment} comment */
  find(comment) {
    this.pins.mark(String(comment.id));
    const line = /** @type {HTMLElement|null|undefined} */ (this.list?.querySelector(`[data-comment="${comment.id}"]`));
    line?.focus();
    line?.scrollIntoView({ block: "nearest" });
  }

  /** @param {string} text */
  tell(text) {
    if (this.trouble) this.trouble.textContent = text;
  }

  /** @param {unknown} error */
  complain(error) {
    console.warn("the review could not be read or written", error);
    this.tell(this.t("failed", { reason: error instanceof Error ? error.message : String(error) }));
  }

  async send() {
    const { layer, viewer, words } = this;
    const text = words?.value.trim() ?? "";
    if (!layer || !words) return;
    if (!text) {
      this.tell(this.t("needsWords"));
      words.focus();
      return;
    }
    await this.act(async () => {
      await viewer.api.send("POST", `${viewer.api.root}comments/`, { annotation: layer.id, text, ...(this.place ?? {}), answer_to: this.answering?.id ?? null });
      words.value = "";
    }, this.t("sent"));
  }

  /** @param {"accept"|"return"} verb */
  async verdict(verb) {
    const { layer, viewer, words } = this;
    const text = words?.value.trim() ?? "";
    if (!layer || !words) return;
    if (verb === "return" && !text) {
      this.tell(this.t("needsWords"));
      words.focus();
      return;
    }
    const body = verb === "return" ? { revision: layer.revision, text, ...(this.place ?? {}) } : { revision: layer.revision };
    await this.act(async () => {
      await viewer.api.send("POST", `${viewer.api.root}annotations/${layer.id}/${verb}/`, body);
      if (verb === "return") words.value = "";
    }, this.t(verb === "return" ? "returnedSaid" : "acceptedSaid"));
  }

  /** @param {() => Promise<void>} work @param {string} said */
  async act(work, said) {
    this.tell("");
    try {
      await work();
    } catch (error) {
      this.complain(error);
      return;
    }
    this.begin(null);
    await this.viewer.annotations.reload().catch((error) => this.complain(error));
    this.viewer.say(said);
  }
}
