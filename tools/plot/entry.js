export {barY, dot, line, plot, rectY, ruleX, ruleY, text, tickX} from "@observablehq/plot";
