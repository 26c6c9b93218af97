/**
 * Planes where there is room for one image: one at a time, with a switch, and the cross-hair leads from one to the
 * next. Fetched on telephones only.
 * @typedef {import("./types.js").Series} Series
 * @typedef {import("./types.js").Point} Point
 * What is asked of the viewer and the grid; declared here because a circle of files cannot be hashed by the static
 * files storage.
 * @typedef {{element: HTMLElement, series: Series, state: import("./types.js").State, frames: import("./types.js").Frame[],
 *   goTo: (index: number) => void, set: (patch: Partial<import("./types.js").State>) => void,
 *   setTool: (name: string) => void, say: (text: string) => void}} Viewer
 * @typedef {{room: {active: Viewer|null, load: (id: Series["id"]) => Promise<unknown>, t: import("./strings.js").Translate},
 *   open: (pane: any, id: Series["id"]) => Promise<void>}} Grid
 */
import { NAMES, cutOf, fromPatient, idOf, toPatient } from "./planes.js";
import { h } from "./ui/dom.js";

/** Where the eye rests: the cross-hair, or the middle. @param {Viewer} pane @returns {Point} */
function point({ state, frames }) {
  const { rows, columns } = frames[state.frame];
  return state.crosshair ?? [Math.floor(columns / 2) + 0.5, Math.floor(rows / 2) + 0.5];
}

/**
 * Show another plane, at the same place of the patient.
 * @param {Grid} grid
 * @param {Series["id"]} id of the plane, or of the stack
 */
async function turnTo(grid, id) {
  const { room } = grid;
  const before = room.active;
  if (!before) return;
  const place = toPatient(before.frames[before.state.frame], point(before));
  await grid.open(before, id);
  const pane = room.active;
  if (!pane || String(pane.series.id) !== String(id)) return;
  // First of all: another tool and another image take the cross-hair away.
  if (cutOf(id)) pane.setTool("locate");
  const found = place && fromPatient(pane.frames, place);
  if (found) {
    pane.goTo(found.index);
    pane.set({ crosshair: found.point });
  }
  createSwitch(grid, pane);
}

/** The buttons above the image. @param {Grid} grid @param {Viewer} pane */
function createSwitch(grid, pane) {
  const { t } = grid.room;
  const stack = pane.series.stack ?? pane.series.id;
  const shown = cutOf(pane.series.id)?.name ?? "stack";
  const names = /** @type {const} */ (["stack", ...NAMES]);
  const buttons = names.map((name) =>
    h(
      "button",
      {
        type: "button",
        class: "viewer-action",
        "aria-pressed": String(name === shown),
        onclick: () => {
          const id = name === "stack" ? stack : idOf({ stack: String(stack), name, slab: 0, by: "mean" });
          turnTo(grid, id)
            // The pressed button went with its image.
            .then(() => /** @type {HTMLElement|null|undefined} */ (grid.room.active?.element.querySelector('.viewer-planes [aria-pressed="true"]'))?.focus())
            .catch((error) => pane.say(error.message));
        },
      },
      t(name),
    ),
  );
  pane.element.querySelector(".viewer-planes")?.remove();
  pane.element.prepend(h("div", { class: "viewer-planes", role: "group", "aria-label": t("planes") }, ...buttons));
}

/** The axial plane through the shown stack, and the switch. @param {Grid} grid */
export async function onePlane(grid) {
  const { active } = grid.room;
  if (!active) return;
  const stack = String(active.series.stack ?? active.series.id);
  await turnTo(grid, idOf({ stack, name: "axial", slab: 0, by: "mean" }));
}
