/**
 * Lines that stand around a story and are not of it, as agencies' pages write them. Each must match at the beginning
 * of a short paragraph; `$` keeps sentences that merely begin alike ("Related cases were reported").
 */
const LINES: readonly RegExp[] = [
  // English
  /^(?:reporting|writing|editing|edited|written|compiled|translated|photographs?|additional reporting|with (?:additional )?reporting) by\b/i,
  /^(?:story|text|report|photos?|video|graphics?|by)\s*[:|]\s*\S/i,
  /^[Bb]y\s+\p{Lu}[\p{L}.'’-]*(?:(?:,\s*|\s+)(?:and\s+)?\p{Lu}[\p{L}.'’-]*){0,7}$/u,
  /^sources?\s*:/i,
  /^(?:for (?:the latest|more)\b.*)?(?:follow|like|find|join)\s+(?:us|our|@)\b/i,
  /^for the latest\b.*\bfollow us\b/i,
  /^(?:subscribe|sign up)\b|^(?:our |the )?(?:daily |weekly )?newsletter\b/i,
  /^(?:short ?link|short url|perma(?:nent )?link|copy link|link copied)\b/i,
  /^share(?:\s+(?:this|on|via|with|the)\b|\s*:|$)|^(?:tweet|print|e-?mail|whatsapp|facebook|twitter|telegram|linkedin|pinterest|reddit)(?:\s+(?:this|article|page))?$/i,
  /^(?:read (?:more|also|next|the full)|also read|see also|more (?:on|from|about|stories)|you (?:may|might) (?:also )?(?:like|be interested)|recommended|related(?:\s+(?:articles?|stor(?:y|ies)|news|posts?|topics?|content|coverage|links?))?\s*(?::|$)|don['’]t miss|keep reading|continue reading|up next|most (?:read|popular)|trending)\b/i,
  /^(?:related|recommended)\s*(?::|$)/i,
  /^(?:advertisements?|sponsored(?: content)?|promoted|story continues below|article continues (?:after|below))\b/i,
  /^(?:tags?|topics?|filed under|categories|category|keywords)\s*:/i,
  /^(?:copyright|©|\(c\) ?\d|all rights reserved)/i,
  /^(?:last )?(?:updated|modified|published|posted)(?: on| at)?\s*:?\s+\S*\d/i,
  /^the post\b.+\bappeared first on\b/i,
  /^(?:click here|tap here|watch (?:the )?(?:video|live)|download (?:our|the) app|skip to|back to top|view (?:all )?comments?)\b/i,
  /^(?:your email address will not be published|required fields are marked|save my name|notify me of|(?:name|e-?mail|website|comment)\s*\*?$|post comment|cancel reply)/i,
  /^(?:previous|next)(?:\s+(?:article|post|story))?\s*:?$/i,
  // German
  /^(?:quellen?|text|redaktion|mitarbeit|bericht|autor(?:in)?|fotos?|bild(?:er)?|bildquelle|video|schlagw[öo]rter|themen|stand|tags)\s*:/i,
  /^(?:folgen sie|folge(?:n)?) uns\b|^kurz-?link\b|^(?:jetzt |unseren )?newsletter\b|^abonnieren\b/i,
  /^(?:lesen sie (?:auch|mehr|hier)|mehr (?:zum thema|dazu|lesen)|auch interessant|das könnte (?:sie|dich)|weiterlesen|zum thema\s*:|passend dazu)/i,
  /^(?:artikel )?(?:teilen|drucken|merken|vorlesen|versenden)(?:\s*(?::|$)|\s+(?:auf|per|mit)\b)/i,
  /^(?:anzeige|werbung|alle rechte vorbehalten|deine e-?mail-?adresse wird nicht)/i,
  /^[Vv]on\s+\p{Lu}[\p{L}.'’-]*(?:(?:,\s*|\s+)(?:und\s+)?\p{Lu}[\p{L}.'’-]*){0,5}$/u,
  // Arabic
  /^(?:ال)?(?:مصدر|مصادر)\s*:|^(?:إعداد|اعداد|تحرير|تقرير|كتابة|كتب|ترجمة|تصوير|المحرر|المراسل|وسوم|الوسوم|الكلمات المفتاحية)\s*[:/]/u,
  /^(?:لمتابعة .{0,60})?(?:تابعنا|تابعونا|تابعوا)(?:\s|$)|^(?:ال)?رابط\s+(?:ال)?(?:مختصر|قصير)|^(?:اشترك|اشتركوا|انضم|انضموا)\s/u,
  /^(?:[إا]قر[أا](?:وا)?\s+(?:أيضا|ايضا|أيضًا|أيضاً|المزيد)|(?:مواضيع|أخبار|اخبار|مقالات)\s+(?:ذات صلة|مشابهة|متعلقة)|قد يعجبك|المزيد من)/u,
  /^(?:شارك|شاركها|مشاركة|طباعة|إعلان|اعلان)(?:\s*[:]|\s+(?:على|عبر|هذا|المقال|الخبر)|$)|^جميع الحقوق محفوظة|^النشرة البريدية|^لن يتم نشر/u,
  // Sorani Kurdish
  /^(?:سەرچاوە|ئامادەکردنی|ئامادەکردن|ڕاپۆرت|نووسینی|وەرگێڕانی|پەیامنێر|وێنە|فۆتۆ|تاگ|تاگەکان)\s*:/u,
  /^(?:(?:لە .{1,40})?(?:فۆڵۆمان|فۆلۆمان|فۆڵۆومان|فۆلۆومان|شوێنمان|دوامان)\s|(?:لینکی|بەستەری|لینکە)\s+کورت|ئەندام ببە|بەشداری بکە لە)/u,
  /^(?:(?:هەروەها|زیاتر)\s+بخوێن(?:ەوە|نەوە)|(?:بابەت|هەواڵ)(?:ی|ە|ەکانی)?\s*(?:ی\s)?(?:پەیوەندیدار|هاوشێوە)|هاوبەشی? پێ\s?بکە|بڵاوی بکەرەوە|ڕیکلام|هەموو ماف)/u,
  // Kurmanji
  /^(?:çavkanî|nûçe|wêne|amadekar)\s*:|^(?:li ser .{1,30} )?me bişopîn|^lînka kurt|^(?:bêtir|herwiha) bixwîn/i,
  // Japanese, Chinese, Korean
  /^(?:出典|取材|文|撮影|写真|編集|記者|執筆|ソース|タグ|来源|作者|责任编辑|编辑|記者|출처|기자)\s*[:：・＝=]/u,
  /^(?:関連(?:記事|ニュース|リンク|トピックス)|あわせて読みたい|続きを読む|もっと(?:読む|見る)|おすすめ(?:記事)?|短縮(?:URL|リンク)|相关(?:阅读|新闻)|延伸阅读|관련기사)/iu,
  /^(?:シェア(?:する)?|共有(?:する)?|印刷(?:する)?|ツイート|広告|ＰＲ|PR|分享|广告)$/u,
  /^(?:.{0,20}(?:公式)?.{0,12}フォロー(?:する|してください|をお願いします)?。?|.{0,20}(?:メルマガ|ニュースレター).{0,12}(?:登録|購読).{0,12}|無断転載.*|メールアドレスが公開されることはありません.*)$/u,
  // French, Spanish
  /^(?:source|fuente|fuentes|crédit photo|foto)\s*:/i,
  /^(?:suivez-nous|síganos|síguenos|lire aussi|à lire aussi|lea también|lee también|te puede interesar)\b/i,
];

/** Where a comment form or the comments begin: nothing after it is the story. */
const COMMENTS =
  /^(?:leave a (?:comment|reply)|(?:\d+ )?comments?(?: \(\d+\))?|join the (?:conversation|discussion)|(?:schreibe?n?(?: sie)?|hinterlasse?n?(?: sie)?) (?:einen|ihren|deinen) kommentar|kommentare?(?: schreiben| verfassen)?|(?:اترك|أترك|أضف|اضف|اكتب)\s+(?:تعليق|تعليقا|تعليقًا|تعليقاً|ردا|رداً)|التعليقات|(?:لێدوان|سەرنج|کۆمێنت|وەڵام|بۆچوون)(?:ێک|ی خۆت|ەکان)?\s*(?:بنووسە|بنوسە|بەجێبهێڵە|$)|şîroveyekê binivîse|コメント(?:を(?:残す|書く|投稿する)|欄|する)?|laisser un commentaire|deja un comentario|댓글)\s*[:：]?$/iu;

/** A caption, wherever it stands in the line. */
const CAPTION =
  /(?:\b(?:file|archive|handout|courtesy|stock) (?:photo|picture|image|pic)s?\.?\)?|[([](?:photo|image|picture|foto|bild|credit)\b[^)\]]*[)\]]\.?|\b(?:photo|image|picture) ?(?:credit|courtesy)\b.*|\b(?:photo|photograph|image)\s*(?:by|:|\/)\s*\S.*|\b(?:AFP|AP|Reuters|EPA|dpa|Getty Images)\s*\/\s*\S.*|\bgetty images|\b(?:archivbild|archivfoto|symbolbild|symbolfoto)\.?\)?|(?:^|\s)(?:foto|bild)\s*:\s*\S.*|[–-]\s*أرشيف(?:ية)?|صور[ةه] (?:أرشيفية|ارشيفية|من الأرشيف|توضيحية)\.?\)?|\(?أرشيف(?:ية)?\)|وێنە(?:ی|یەکی) ئەرشیف(?:ی)?\.?\)?|\(ئەرشیف\)|wêneya arşîvê|[＝=（(]?資料写真[）)]?|[＝=（(](?:写真|提供)[^）)]*[）)]?|[（(](?:资料图|资料照片)[^）)]*[）)])$/iu;

const NUMBER =
  "(?:\\d{1,3}|zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty|null|eins|zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn|elf|zwölf|[\\u0660-\\u0669\\u06f0-\\u06f9]{1,3}|\\?|_+)";
/** "eighteen + 13 =": a riddle against robots. */
const RIDDLE = new RegExp(`^${NUMBER}\\s*[+×x*−–-]\\s*${NUMBER}\\s*=`, "iu");
/** Nothing but a date, a time, a number of minutes, or punctuation. */
const NO_WORDS = /^[\d\s\p{P}\p{S}]*$/u;
const BULLET = /^[\s•·▪●○■□◆▶►»›\-–—*|]+/u;
/** Longer than this (UTF-16 units) is no line of furniture, whatever it begins with. */
const LONGEST = 220;

export type LineKind = "story" | "furniture" | "caption" | "comments";

/** What a paragraph is, by its own words alone. */
export function lineKind(paragraph: string): LineKind {
  const line = paragraph.replace(BULLET, "").trim();
  if (line.length > LONGEST) return "story";
  if (NO_WORDS.test(line) || RIDDLE.test(line)) return "furniture";
  if (COMMENTS.test(line)) return "comments";
  if (CAPTION.test(line) && !/[.!?。؟۔]["”’»」]?\s.*[.!?。؟۔]["”’»」]?\s*$/u.test(line.replace(CAPTION, ""))) return "caption";
  return LINES.some((pattern) => pattern.test(line)) ? "furniture" : "story";
}
