/** Script of pages that ask for terms and have no other writing to do. */
import { teach } from "./main.js";
import { termField } from "./term-field.js";

teach("term-field", termField);
