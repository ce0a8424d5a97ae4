import { describe, expect, test } from "vitest";
import { dirOf } from "../../src/lib/text/direction.ts";
import { languageOf } from "../../src/lib/text/language.ts";

describe("the direction of a language", () => {
  test.each("ar ckb fa he iw ur yi dv ps sd ug ks syr arc nqo ku-Arab ckb-IQ AR_sy fa-AF az-IR pa-PK ku-IQ ks-Arab".split(" "))(
    "%s is written from right to left",
    (lang) => expect(dirOf(lang)).toBe("rtl"),
  );
  test.each("en de tr kmr ku-Latn ku-TR ja zh-TW hi sd-Deva ks-Deva az-Latn az-AZ pa-IN ar-Latn ha".split(" "))(
    "%s from left to right",
    (lang) => expect(dirOf(lang)).toBe("ltr"),
  );
  test("where the language does not tell, most letters do", () => {
    expect(dirOf("ku", "ئەمڕۆ")).toBe("rtl");
    expect(dirOf("ku", "Îro")).toBe("ltr");
    expect(dirOf(null, "تدمر ISIS في")).toBe("rtl");
    expect(dirOf("und", "ދިވެހި")).toBe("rtl");
    expect(dirOf(null, "")).toBe("ltr");
  });
});

describe("the language of a text that declares none", () => {
  test.each([
    ["ckb", "ئەمڕۆ لە هەولێر کۆبوونەوەیەک بەڕێوەچوو"],
    ["ckb", "سەرۆکی حکوومەت ڕایگەیاند کە مووچەی فەرمانبەران ئەم هەفتەیە دابەش دەکرێت."],
    ["ckb", "لافاو پردێکی گەورەی لە باکووری شارەکە ڕووخاند و ڕێگاکە داخرا."],
    ["kmr", "Îro li Amedê civînek ji bo zimanê kurdî hat kirin û gelek kes beşdar bûn"],
    ["kmr", "Serokwezîr got ku pira nû ya bajêr dê heta dawiya salê bê vekirin û trafîk dê kêm bibe."],
    ["kmr", "Di nûçeyên îro de: şêniyên gund piştî lehiyê vedigerin malên xwe û alîkarî digihîje wan."],
    ["ar", "الجيش السوري يتقدم في تدمر بعد معارك عنيفة استمرت ثلاثة أيام"],
    ["ar", "أعلنت وزارة التربية تأجيل الامتحانات في المحافظات الشمالية بسبب الأمطار الغزيرة."],
    ["fa", "رئیس‌جمهور گفت که این قانون تازه از آغاز سال آینده اجرا می‌شود."],
    ["fa", "سیل دیروز چند روستا را در شمال کشور زیر آب برد و راه‌ها بسته شد."],
    ["de", "Der Bundestag beschließt ein neues Gesetz über die Rente"],
    ["de", "Nach dem Hochwasser bleibt die Brücke über den Fluss noch mindestens drei Wochen gesperrt."],
    ["en", "Syrian army advances against ISIS in ancient Palmyra"],
    ["en", "Floods closed the bridge on Tuesday and repairs will take at least three weeks."],
    ["tr", "Cumhurbaşkanı yeni köprünün yıl sonuna kadar açılacağını ve trafiğin azalacağını söyledi."],
    ["ug", "ئۈرۈمچىدە بۈگۈن قاتتىق يامغۇر ياغدى ۋە يوللار ۋاقىتلىق تاقالدى، دېدى ھۆكۈمەت خادىملىرى."],
    ["he", "ראש הממשלה נפגש עם שר החוץ בבריסל"],
    ["ja", "首相が記者会見を開いた"],
    [null, "1234 !!"],
  ] as const)("%s: %s", async (lang, text) => {
    expect(await languageOf(text, null)).toBe(lang);
  });
});

describe("a declared language holds where the text's script agrees", () => {
  test.each([
    ["ئەمڕۆ لە هەولێر کۆبوونەوەیەک بەڕێوەچوو", "en-US", "ckb"],
    ["ئەمڕۆ لە هەولێر کۆبوونەوەیەک بەڕێوەچوو", "ku-Arab-IQ", "ckb"],
    ["Îro li Amedê civînek", "ku", "kmr"],
    ["Îro li Amedê civînek", "kmr", "kmr"],
    ["الجيش السوري يتقدم في تدمر", "ku", "ckb"],
    ["首相が記者会見を開いた", "en", "ja"],
    ["東京", "ja", "ja"],
    ["Der Bundestag beschließt ein neues Gesetz über die Rente", "ar", "de"],
    ["Der Bundestag beschließt", "de_DE", "de-DE"],
    ["اجلاس ختم ہوا", "ur", "ur"],
    ["ئۇيغۇرچە خەۋەرلەر", "ug", "ug"],
    ["سنڌي خبرون", "sd", "sd"],
    ["ISIS", "ar", "ar"],
    ["1234 !!", "not a tag at all", null],
    ["1234 !!", "ar", "ar"],
  ] as const)("%s, declared %s, is %s", async (text, declared, lang) => {
    expect(await languageOf(text, declared)).toBe(lang);
  });
});
