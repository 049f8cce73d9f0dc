// Before anything is painted: the theme and language a person chose here, else what their system says.
(() => {
  let chosen = null;
  let language = null;
  try {
    chosen = localStorage.getItem("autograph.theme");
    language = localStorage.getItem("autograph.language");
  } catch {
    // A browser that keeps nothing gets what its system says.
  }
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.theme = chosen === "dark" || (chosen !== "light" && dark) ? "dark" : "light";
  const chinese = navigator.language.toLowerCase().startsWith("zh");
  document.documentElement.lang = language ?? (chinese ? "zh" : "en");
})();
