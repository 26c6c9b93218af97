/**
 * data-behaviour="keep-form": a form that saves itself on the server while one writes (data-keep-url, empty for one that
 * waits for its button). Answers are `{revision, told, checklist, edit_url, keep_url}`, or `{detail}` when refused.
 */
import { csrfToken } from "./dom.js";

/** Milliseconds without a key after which the form is saved. */
const QUIET = 2500;

/** @param {HTMLElement} element */
export function keepForm(element) {
  const form = /** @type {HTMLFormElement} */ (element);
  const told = form.querySelector("[data-told]");
  let dirty = false;
  let left = false;
  let waiting = 0;
  /** @type {Promise<void> | null} */
  let underway = null;

  /** @param {string} text */
  const tell = (text) => told && (told.textContent = text);

  /** @param {Record<string, string>} kept */
  function take({ revision, told: sentence, checklist, edit_url, keep_url }) {
    const field = form.elements.namedItem("revision");
    if (field instanceof HTMLInputElement) field.value = revision;
    const page = new DOMParser().parseFromString(checklist, "text/html");
    form.querySelector("[data-checklist]")?.replaceChildren(...page.body.childNodes);
    if (form.dataset.keepUrl !== keep_url) {
      // It was a new case: from now on a reload opens its draft.
      form.dataset.keepUrl = keep_url;
      form.dataset.previewUrl = keep_url.replace(/keep\/$/, "preview/");
      form.action = edit_url;
      window.history.replaceState(null, "", edit_url);
    }
    if (dirty) return;
    tell(sentence);
    form.dispatchEvent(new Event("medweb:form-kept"));
  }

  async function send() {
    dirty = false;
    tell(form.dataset.toldSaving ?? "");
    try {
      const answer = await fetch(form.dataset.keepUrl ?? "", { method: "POST", body: new FormData(form), headers: { "X-CSRFToken": csrfToken(), Accept: "application/json" } });
      const said = answer.headers.get("Content-Type")?.includes("json") ? await answer.json() : null;
      if (answer.ok && said) return take(said);
      dirty = true;
      // Saving again by itself would only be refused again, or write over somebody.
      if (answer.status === 409) form.dataset.keepUrl = "";
      tell(said?.detail ? (form.dataset.toldRefused ?? "").replace("{reason}", said.detail) : (form.dataset.toldLost ?? ""));
    } catch (error) {
      console.warn("the form was not saved", error);
      dirty = true;
      tell(form.dataset.toldLost ?? "");
    }
  }

  async function save() {
    window.clearTimeout(waiting);
    if (!dirty || left || !form.dataset.keepUrl) return;
    if (underway) {
      // The revision it would start from is on its way.
      await underway;
      return save();
    }
    underway = send().finally(() => (underway = null));
    await underway;
  }

  /** @param {Event} event */
  function changed(event) {
    if (event.target instanceof HTMLElement && event.target.matches("[data-autosave=off]")) return;
    dirty = true;
    if (!form.dataset.keepUrl) return;
    tell(form.dataset.toldWaiting ?? "");
    window.clearTimeout(waiting);
    waiting = window.setTimeout(() => void save(), QUIET);
  }

  form.addEventListener("input", changed);
  form.addEventListener("change", changed);
  document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && void save());
  form.addEventListener("submit", (event) => {
    window.clearTimeout(waiting);
    if (!underway) {
      left = true;
      return;
    }
    // Sent now, it would start from a revision that is gone in a moment, or make a second draft.
    event.preventDefault();
    const { submitter } = event;
    void underway.finally(() => form.requestSubmit(submitter));
  });
  window.addEventListener("pageshow", () => (left = false));
}
