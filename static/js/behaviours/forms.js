/** Script of pages on which one writes at length. */
import { autosaveForm, forgetSentForm } from "./autosave-form.js";
import { teach } from "./main.js";

forgetSentForm();
teach("autosave-form", autosaveForm);
