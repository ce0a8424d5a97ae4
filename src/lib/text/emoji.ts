/*
 * The emoji that X counts as one: those of Emoji 11, as in twitter-text 3.1.0. Younger sequences cost as much as their
 * parts there, and so they do here.
 */
const TONE = "[\\u{1f3fb}-\\u{1f3ff}]";
const JOINER = "\\u200d";
const SEX = `${JOINER}[♀♂]\\ufe0f`;

/** Shown as pictures only with U+FE0F behind them, or with and without. */
const PICTURED =
  "‼⁉™ℹ↔-↙↩↪⌚⌛⌨⏏⏭-⏯⏱⏲⏸-⏺Ⓜ▪▫▶◀◻-◾☀-☄☎☑☔☕☘☝☠☢☣☦☪☮☯☸-☺♀♂♈-♓♟♠♣♥♦♨♻♿⚒-⚗⚙⚛⚜⚠⚡⚪⚫⚰⚱⚽⚾⛄⛅⛈⛏⛑⛓⛔⛩⛪⛰-⛵⛷-⛺⛽✂✈✉✌✍✏✒✔✖✝✡✳✴❄❇❗❣❤➡⤴⤵⬅-⬇⬛⬜⭐⭕〰〽㊗㊙🀄🅰🅱🅾🅿🈂🈚🈯🈷🌡🌤-🌬🌶🍽🎖🎗🎙-🎛🎞🎟🏋-🏎🏔-🏟🏳🏵🏷🐿👁📽🕉🕊🕯🕰🕳-🕹🖇🖊-🖍🖐🖥🖨🖱🖲🖼🗂-🗄🗑-🗓🗜-🗞🗡🗣🗨🗯🗳🗺🛋🛍-🛏🛠-🛥🛩🛰🛳";
/** What takes a colour of skin. */
const COLOURED =
  "☝⛷⛹✊-✍🎅🏂-🏄🏇🏊-🏌👂👃👆-👐👦-👩👮👰-👸👼💁-💃💅-💇💪🕴🕵🕺🖐🖕🖖🙅-🙇🙋-🙏🚣🚴-🚶🛀🛌🤘-🤜🤞🤟🤦🤰-🤹🤽🤾🦵🦶🦸🦹🧑-🧝";

const SEQUENCES = [
  `[👨👩]${TONE}?${JOINER}(?:[⚕⚖✈]\\ufe0f|[🌾🍳🎓🎤🎨🏫🏭💻💼🔧🔬🚀🚒🦰-🦳])`,
  `[🏋🏌🕴🕵⛹](?:${TONE}|\\ufe0f)${SEX}`,
  `[🏃🏄🏊👮👱👳👷💁💂💆💇🙅-🙇🙋🙍🙎🚣🚴-🚶🤦🤵🤷-🤹🤽🤾🦸🦹🧖-🧝]${TONE}?${SEX}`,
  `[👯🤼🧞🧟]${SEX}`,
  `(?:👨${JOINER}❤\\ufe0f${JOINER}(?:💋${JOINER})?👨|👩${JOINER}❤\\ufe0f${JOINER}(?:💋${JOINER})?[👨👩])`,
  `(?:👨${JOINER}(?:[👨👩]${JOINER})?|👩${JOINER}(?:👩${JOINER})?)(?:👦(?:${JOINER}👦)?|👧(?:${JOINER}[👦👧])?)`,
  `🏳\\ufe0f${JOINER}🌈|🏴${JOINER}☠\\ufe0f|👁${JOINER}🗨`,
  "[#*0-9]\\ufe0f?\\u20e3",
  "[©®]\\ufe0f",
  `[[${COLOURED}]--[${PICTURED}]]${TONE}?`,
  `[[${COLOURED}]&&[${PICTURED}]]\\ufe0f?${TONE}?`,
  `[${PICTURED}]\\ufe0f?`,
  "\\p{RGI_Emoji_Tag_Sequence}",
  "(?!🇨🇶)\\p{RGI_Emoji_Flag_Sequence}",
];

/** One emoji, whole, as X counts it. */
export const EMOJI_ON_X = new RegExp(SEQUENCES.join("|"), "gv");
