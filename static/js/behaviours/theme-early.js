/* A classic script in <head>: sets the theme before the first paint, so that nobody is dazzled. */
(function () {
  try {
    const theme = window.localStorage.getItem("medweb:theme");
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  } catch (error) {
    // Storage may be forbidden in this browser; then the system's theme stands.
    console.info("Theme not remembered:", error);
  }
})();
