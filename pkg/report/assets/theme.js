// Before the body is read: scripts run, so what needs them may be seen; and the theme that was chosen last.
document.documentElement.className = "";
try {
  const theme = localStorage.getItem("clientele-theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch { /* no storage: the system's theme */ }
