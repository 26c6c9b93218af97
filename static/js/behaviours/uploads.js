/** Script of pages that take files: a quarter of all behaviours, and most visitors send none. */
import { teach } from "./main.js";
import { upload } from "./upload.js";

teach("upload", upload);
