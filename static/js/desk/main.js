/** Mounts the desk: `<div data-behaviour="desk" data-url="…">`. */
import { open } from "./desk.js";

for (const element of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-behaviour~=desk]"))) {
  void open(element);
}
