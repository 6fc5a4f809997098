document.documentElement.dataset.script = "on"; // a style that needs a script selects [data-script]
