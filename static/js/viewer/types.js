/**
 * Shapes of the data that cross between the server, the state and the drawing code.
 * Pixel coordinates have (0, 0) at the top-left corner of the top-left pixel.
 *
 * @typedef {[number, number]} Point
 * @typedef {"point"|"text"|"box"|"rotated-box"|"ellipse"|"circle"|"polygon"|"freehand"|"mask"|"polyline"|"arrow"|
 *   "length"|"bidirectional"|"angle"|"cobb"} Kind
 * @typedef {{id: string, kind: Kind, frame: number, points: Point[], label: string, code?: string, note?: string,
 *   counts?: number[], attributes?: Record<string, string>}} Shape `counts` of a mask: lengths of runs of pixels, row
 *   by row between its two corners, in turns outside and inside, beginning outside
 * @typedef {{center: number, width: number}} Window
 * @typedef {"LINEAR"|"LINEAR_EXACT"|"SIGMOID"} VoiFunction how a window maps, DICOM PS3.3 C.11.2.1.3
 * @typedef {[number, number]|null} Spacing millimetres between rows, between columns
 * @typedef {{id?: number, index: number, rows: number, columns: number, samples: number,
 *   dtype: "int16"|"uint16"|"uint8", slope: number, intercept: number, window: Window|null, invert: boolean,
 *   voi_function?: VoiFunction, pixel_spacing: Spacing, position: number[]|null, orientation: number[]|null,
 *   slice_thickness: number|null, laterality?: string, view?: string, sides?: string, uptake_factor?: number|null,
 *   beside?: {factor: number, unit: string}, pixels_url: string, preview_url: string|null}} Frame one without an `id` is cut
 *   from a stack and cannot be drawn on; `sides`: where rows and columns lead, as "P\\F"; `beside`: a second unit, and
 *   what a value is multiplied by to be in it
 * @typedef {{name: string, center: number, width: number}} Preset
 * @typedef {{unit: string, presets: Preset[], frames: Frame[]}} Scale
 * @typedef {{code: string, label: string, color: string, term?: string}} Label a shape stores its `label`, and its `term` as `code`
 * @typedef {{id: number|string, case?: number|string, number?: number, description: string, modality: string, unit: string,
 *   study_uid?: string, frame_of_reference?: string, is_localiser?: boolean, frame_count?: number,
 *   stack?: number|string, presets: Preset[], frame_rate?: number|null, scales?: Scale[], uptake_problem?: string, uptake_presets?: Preset[],
 *   labels: Label[], frames: Frame[]}} Series `stack`: the series that this plane is cut from
 * @typedef {{id: number|string, layer: "mine"|"reference"|"other", author: string, status: string,
 *   revision: number, shapes: Shape[], can_edit: boolean, can_review?: boolean, comments?: number}} Annotation `comments`:
 *   how many this person may read
 * @typedef {Shape & {author: string}} LayerShape
 * @typedef {{scale: number, tx: number, ty: number, turn: number, mirror: boolean}} View css pixels per image column,
 *   where the image's origin lies, quarters turned to the right, left and right exchanged before that
 * @typedef {{kind: Kind, frame: number, points: Point[], cursor: Point|null,
 *   tail?: Point[]}} Draft `tail`: a way that follows the pointer and is not placed yet
 * @typedef {{mine: boolean, reference: boolean, other: boolean}} Visible
 * @typedef {{mine: number, reference: number, other: number}} Opacity 0 to 1
 * @typedef {{size: number, square: boolean, low: number|null, high: number|null,
 *   tolerance: number, reach: number, outside: boolean, watershed: boolean}} Paint brush width in columns of the
 *   image; values that the threshold brush paints, null for the window's; how far the wand goes, in percent of the
 *   window's width and in columns; whether strokes mark what does not belong, and how the server finds the rest
 * @typedef {{of: string|null, ids: string[]}} Also other selected shapes, as long as `of` is the first selected one
 * @typedef {{frame: number, view: View|null, window: Window, preset: string, invert: boolean, smooth: boolean,
 *   map: import("./colormaps.js").ColorMap, band: [Point, Point]|null, loupe: {at: Point, above: boolean}|null, playing: boolean,
 *   tool: string, shapes: Shape[], reference: LayerShape[], other: LayerShape[], visible: Visible,
 *   locked: Visible, opacity: Opacity, paint: Paint, painted: string[],
 *   selected: string|null, also: Also, several: boolean, vertex: number|null, label: string, draft: Draft|null, crosshair: Point|null,
 *   hover: Point|null, save: string, message: string, canDraw: boolean, status: string,
 *   fresh: ReadonlySet<Shape>, scale: string, loaded: number, failed: string}} State `fresh`: shapes of others that came just now
 * @typedef {Int16Array|Uint16Array|Uint8Array} Pixels
 * @typedef {{image: Point, screen: Point, touch: boolean, moved: boolean, alt: boolean, shift: boolean}} Pointer
 * @typedef {{down?: (p: Pointer, e: PointerEvent) => void, move?: (p: Pointer, e: PointerEvent) => void,
 *   up?: (p: Pointer, e: PointerEvent) => void, hover?: (p: Pointer) => void, double?: (p: Pointer) => void,
 *   cancel?: () => void}} Tool
 * @typedef {"1x1"|"1x2"|"2x2"} Layout
 * @typedef {{series: number|string, frame: number, turn: number, mirror: boolean}} Hung turned by quarters clockwise
 *   after its left and right changed places
 * @typedef {{layout?: Layout, name?: string, places?: Hung[], auto?: boolean, ages?: Record<string, string>}} Hanging
 *   how the server would open this case, and which series are older than the newest, in words
 * What a viewer may ask of the room that it shares with others.
 * @typedef {object} Shell
 * @property {boolean} many other series may be shown beside it
 * @property {Layout} layout
 * @property {boolean} linkScroll
 * @property {boolean} linkWindow
 * @property {(layout: Layout) => void} arrange
 * @property {() => void} nextLayout
 * @property {(step: number) => void} nextPane
 * @property {(what: "linkScroll"|"linkWindow") => void} toggle
 * @property {Hanging} hanging
 * @property {() => void} hang show the series of the case where they belong, and forget the layout one chose
 * @property {() => void} cutPlanes the shown stack from three sides
 * @property {(pane: Host, point: Point) => void} locate turn the other images to a place of this one
 * @property {(pane: unknown) => boolean} isActive has the tools
 * @property {() => Promise<Series[]>} listSeries all of the case
 * @property {(id: Series["id"]) => string} urlOf
 * @property {(pane: Host, changed: Set<keyof State>) => void} heard of a viewer that its state has changed
 * What tools and keys may ask of the viewer; declared here because a circle of files cannot be hashed by the
 * static files storage.
 * @typedef {object} Host
 * @property {State} state
 * @property {(patch: Partial<State>) => void} set
 * @property {Frame} frame the shown one
 * @property {Frame[]} frames
 * @property {Label[]} labels
 * @property {Series} series
 * @property {string} unit of the shown values
 * @property {Preset[]} presets in that unit
 * @property {() => void} nextScale values in another unit
 * @property {number} aspect
 * @property {boolean} tiled a whole slide: it has no grey levels, and the wheel zooms
 * @property {number} leastScale css pixels per column below which nobody zooms out
 * @property {{width: number, height: number}} size of the stage in css pixels
 * @property {(index: number) => void} goTo
 * @property {(view: View) => void} setView
 * @property {(window: Window, preset: string) => void} setWindow
 * @property {(name: string) => void} applyPreset "stored", "auto" or the name of a preset
 * @property {() => void} windowFromRegion the selected shape, or what is in sight, fills the window
 * @property {(box: [Point, Point]) => void} windowFromBox
 * @property {(step: number) => void} stepMap another colour map
 * @property {(step: number) => void} stepPreset
 * @property {(what: "fit"|"actual"|"in"|"out") => void} zoom
 * @property {() => void} playPause
 * @property {() => Promise<HTMLElement>} openOver what chooses the second image over this one
 * @property {() => void} toggleOver
 * @property {Shell} shell
 * @property {(what: "left"|"right"|"horizontal"|"vertical") => void} pose turn or mirror as the eye sees it
 * @property {(name: string) => void} setTool
 * @property {(shapes: Shape[]) => void} preview show without a step in the history
 * @property {(shapes: Shape[], selected?: string|null) => boolean} commit false when nothing may be changed
 * @property {() => void} rollback show what was committed last
 * @property {() => void} undo
 * @property {() => void} redo
 * @property {() => void} removeSelected
 * @property {(shape: Shape) => void} add
 * @property {() => void} finishDraft
 * @property {(point: Point) => void} placePoint
 * @property {() => void} help
 * @property {() => void} simplify ask how many points the selected shapes shall keep
 * @property {(text: string, seen?: boolean) => void} say
 * @property {(error: unknown) => void} missing a part that is fetched when it is wanted did not come
 * @property {(shape: Shape) => string} describe kind, label and size in words
 * @property {(title: string, words: string) => Promise<string>} askWords "" when the person leaves it
 * @property {import("./strings.js").Translate} t
 */
export {};
