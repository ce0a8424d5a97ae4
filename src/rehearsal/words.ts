import type { Story } from "./story.ts";

/** What stands around a story on a page of the rehearsal site: an agency's usual furniture, in its language. */
export interface Words {
  readonly name: string;
  readonly nav: readonly string[];
  readonly by: string;
  readonly filePhoto: string;
  readonly readAlso: string;
  readonly share: string;
  readonly newsletter: readonly [title: string, text: string, button: string];
  readonly reportingBy: string;
  readonly source: string;
  readonly followUs: string;
  readonly shortLink: string;
  readonly tags: string;
  readonly comment: readonly [title: string, text: string, button: string];
  /** A sum that keeps robots out of the comments, as such sites write it. */
  readonly sum: string;
  readonly rights: string;
}

export const WORDS: Readonly<Record<Story["lang"], Words>> = {
  en: {
    name: "The Daily Rehearsal",
    nav: ["Home", "Local", "Culture", "Science", "Sport", "Weather"],
    by: "By",
    filePhoto: "File photo",
    readAlso: "Read also",
    share: "Share this story",
    newsletter: ["Get our newsletter", "The day’s five best stories, every evening at six.", "Sign up"],
    reportingBy: "Reporting by:",
    source: "Source:",
    followUs: "For the latest from the region, follow us on Mastodon:",
    shortLink: "Short link :",
    tags: "Tags:",
    comment: ["Leave a comment", "Your e-mail address will not be published. Required fields are marked *", "Post comment"],
    sum: "eighteen + 13 =",
    rights: "All rights reserved",
  },
  ar: {
    name: "بروفة اليوم",
    nav: ["الرئيسية", "محليات", "ثقافة", "علوم", "رياضة", "طقس"],
    by: "بقلم",
    filePhoto: "صورة أرشيفية",
    readAlso: "اقرأ أيضاً",
    share: "شارك الخبر",
    newsletter: ["اشترك في نشرتنا البريدية", "أهم خمسة أخبار في السادسة من كل مساء.", "اشترك"],
    reportingBy: "إعداد:",
    source: "المصدر:",
    followUs: "لمتابعة آخر أخبار المنطقة تابعونا على ماستودون:",
    shortLink: "الرابط المختصر :",
    tags: "وسوم:",
    comment: ["اترك تعليقاً", "لن يتم نشر عنوان بريدك الإلكتروني. الحقول الإلزامية مشار إليها بـ *", "أرسل التعليق"],
    sum: "ثمانية عشر + 13 =",
    rights: "جميع الحقوق محفوظة",
  },
  ckb: {
    name: "پڕۆڤەی ڕۆژانە",
    nav: ["سەرەتا", "ناوخۆ", "کولتوور", "زانست", "وەرزش", "کەشوهەوا"],
    by: "نووسینی",
    filePhoto: "وێنەی ئەرشیف",
    readAlso: "هەروەها بخوێنەوە",
    share: "هەواڵەکە بڵاو بکەرەوە",
    newsletter: ["نامەی هەواڵمان وەربگرە", "پێنج باشترین هەواڵی ڕۆژ، هەموو ئێوارەیەک کاتژمێر شەش.", "تۆمار بکە"],
    reportingBy: "ئامادەکردنی:",
    source: "سەرچاوە:",
    followUs: "بۆ نوێترین هەواڵەکانی ناوچەکە لە ماستۆدۆن شوێنمان بکەون:",
    shortLink: "بەستەری کورت :",
    tags: "تاگەکان:",
    comment: ["لێدوانێک بنووسە", "ناونیشانی ئیمەیڵەکەت بڵاو ناکرێتەوە. خانە پێویستەکان بە * نیشانە کراون", "لێدوان بنێرە"],
    sum: "هەژدە + ١٣ =",
    rights: "هەموو مافەکان پارێزراون",
  },
  de: {
    name: "Die tägliche Probe",
    nav: ["Startseite", "Stadt", "Kultur", "Wissen", "Sport", "Wetter"],
    by: "Von",
    filePhoto: "Archivbild",
    readAlso: "Lesen Sie auch",
    share: "Artikel teilen",
    newsletter: ["Newsletter bestellen", "Die fünf besten Geschichten des Tages, jeden Abend um sechs.", "Anmelden"],
    reportingBy: "Bericht:",
    source: "Quelle:",
    followUs: "Mehr aus der Region: Folgen Sie uns auf Mastodon:",
    shortLink: "Kurzlink :",
    tags: "Schlagwörter:",
    comment: [
      "Kommentar schreiben",
      "Ihre E-Mail-Adresse wird nicht veröffentlicht. Pflichtfelder sind mit * markiert",
      "Absenden",
    ],
    sum: "achtzehn + 13 =",
    rights: "Alle Rechte vorbehalten",
  },
  ja: {
    name: "リハーサル日報",
    nav: ["ホーム", "地域", "文化", "科学", "スポーツ", "天気"],
    by: "文・",
    filePhoto: "資料写真",
    readAlso: "あわせて読みたい",
    share: "この記事をシェア",
    newsletter: ["ニュースレター登録", "今日の5本を毎日午後6時にお届けします。", "登録する"],
    reportingBy: "取材:",
    source: "出典:",
    followUs: "最新のニュースはMastodonでフォローしてください:",
    shortLink: "短縮リンク :",
    tags: "タグ:",
    comment: ["コメントを残す", "メールアドレスが公開されることはありません。* が付いている欄は必須項目です", "送信"],
    sum: "十八 + 13 =",
    rights: "無断転載を禁じます",
  },
};

export const directionOf = (lang: Story["lang"]): "ltr" | "rtl" => (lang === "ar" || lang === "ckb" ? "rtl" : "ltr");

/** A moment as that language's newspapers print it. `Intl` would answer in English for Sorani, so there it is in figures. */
export function dateLine(lang: Story["lang"], at: number): string {
  const locale = lang === "ckb" ? "ar-IQ-u-nu-arab" : lang;
  const figures = {
    day: "2-digit",
    month: "2-digit",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  } as const;
  const style = lang === "ckb" ? figures : ({ dateStyle: "long", timeStyle: "short" } as const);
  return new Intl.DateTimeFormat(locale, { ...style, timeZone: "Asia/Damascus" }).format(at);
}
