/** data-behaviour="sortable-table": th[data-sort="text" | "number"] sort the rows that are on the page. */
import { make } from "./dom.js";

/**
 * @param {HTMLTableRowElement} row
 * @param {number} column
 * @returns {string} data-value of the cell, else its words
 */
function valueOf(row, column) {
  const cell = row.cells[column];
  return cell?.dataset.value ?? cell?.textContent?.trim() ?? "";
}

/** @param {HTMLElement} element */
export function sortableTable(element) {
  const table = /** @type {HTMLTableElement} */ (element);
  const body = table.tBodies[0];
  if (!body) return;
  const order = new Intl.Collator(document.documentElement.lang, { numeric: true, sensitivity: "base" });
  const heads = /** @type {HTMLTableCellElement[]} */ ([...table.querySelectorAll("th[data-sort]")]);
  for (const head of heads) {
    const button = make("button", { type: "button", class: "table__sort" }, ...head.childNodes);
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const up = head.getAttribute("aria-sort") !== "ascending";
      for (const other of heads) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const sign = up ? 1 : -1;
      const rows = [...body.rows].map((row) => ({ row, value: valueOf(row, head.cellIndex) }));
      rows.sort((a, b) => {
        // Cells without a value stay at the end whichever way is sorted.
        if (a.value === "" || b.value === "") return Number(a.value === "") - Number(b.value === "");
        if (head.dataset.sort === "number") return sign * (Number(a.value) - Number(b.value));
        return sign * order.compare(a.value, b.value);
      });
      body.append(...rows.map(({ row }) => row));
    });
  }
}
