export { addJail, ConfEditError, removeJail, setParameter, unsetParameter } from "./edit.js";
export { formatConf } from "./format.js";
export type { Conf, ConfOptions, ConfText } from "./load.js";
export { loadConf, parseConf } from "./load.js";
export type {
  ConfBlock,
  ConfOrigin,
  ConfParameter,
  ConfPiece,
  ConfPlace,
  ConfProblem,
  ConfSpan,
  ResolvedJail,
  ResolvedParameter,
} from "./model.js";
export { type ConfWhere, whereConf } from "./where.js";
export { type ConfJail, type ConfValue, piecesOf, writeConf } from "./write.js";
