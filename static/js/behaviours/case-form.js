/** Script of the form in which a case is written. */
import { autosaveForm, forgetSentForm } from "./autosave-form.js";
import { keepForm } from "./keep-form.js";
import { teach } from "./main.js";
import { markdownField } from "./markdown-field.js";
import { rowList } from "./row-list.js";
import { termField } from "./term-field.js";

forgetSentForm();
// Rows first: what was kept in this browser may need more of them.
teach("row-list", rowList);
teach("term-field", termField);
teach("markdown-field", markdownField);
teach("autosave-form", autosaveForm);
teach("keep-form", keepForm);
