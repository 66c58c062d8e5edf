export type { Conf, ConfOptions, ConfText } from "./load.js";
export { loadConf, parseConf } from "./load.js";
export type { ConfBlock, ConfParameter, ConfPiece, ConfPlace, ConfProblem } from "./model.js";
export type { ConfOrigin, ResolvedJail, ResolvedParameter } from "./resolve.js";
