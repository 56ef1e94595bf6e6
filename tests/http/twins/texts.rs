//! Texts that databases and their drivers have been known to treat unlike.

use serde_json::{Value, json};

use super::support::Dice;

/// Letters whose cases, accents, widths and directions differ; what quotes, escapes, matches or ends
/// text somewhere; and what is refused, some of it by us and all of it by somebody.
const TEXTS: [&str; 64] = [
    "anna",
    "Anna",
    "ANNA",
    "bob",
    "Zoe\u{308}",
    "Zo\u{eb}",
    "ZO\u{cb}",
    "Σοφος",
    "ΣΟΦΟΣ",
    "σοφός",
    "İpek",
    "ıpek",
    "i\u{307}pek",
    "straße",
    "STRASSE",
    "ẞ",
    "ﬁn",
    "ǆ",
    "ǅ",
    "\u{212a}elvin",
    "\u{212b}ngström",
    "李雷",
    "ﾊﾝｶｸ",
    "ハンカク",
    "한국",
    "\u{1112}\u{1161}\u{11ab}",
    "हिन्दी",
    "ไทย",
    "محمد",
    "ﷺ",
    "שלום\u{200f}",
    "Ωmega",
    "Жук",
    "жУК",
    "𐐀𐐨",
    "😀",
    "👩\u{200d}👩\u{200d}👧",
    "🇩🇪",
    "O'Brien",
    "''",
    "\"quoted\"",
    "back\\slash",
    "\\u0000",
    "$1",
    "%",
    "_",
    "a%_b",
    "NULL",
    "null",
    "a;b,c",
    "<&>",
    "--",
    "x y",
    " lead",
    "trail ",
    "\u{a0}",
    "\u{feff}mark",
    "zero\u{200b}width",
    "\u{2028}",
    "\u{fffd}",
    "\u{ffff}",
    "\u{10ffff}",
    "9",
    "-0",
];

/// What no name may be: empty, or with a character that controls.
const REFUSED: [&str; 7] = ["", " ", "nul\0", "\0", "tab\there", "\u{85}", "\u{7f}"];

/// Where letters are drawn from that nobody thought of.
const RANGES: [(u32, u32); 8] = [
    (0x20, 0x7e),
    (0xa0, 0x24f),
    (0x300, 0x3ff),
    (0x400, 0x52f),
    (0x1e00, 0x1fff),
    (0x2000, 0x2bff),
    (0xd7f0, 0xffff),
    (0x1_0000, 0x1_f9ff),
];

/// A name, key or description: often one that was met before, seldom one that is refused.
pub fn name(dice: &Dice) -> String {
    match dice.below(20) {
        0 => (*dice.pick(&REFUSED)).to_owned(),
        1 => dice
            .pick(&["x", "é", "😀"])
            .repeat(*dice.pick(&[255, 256, 257])),
        2..=4 => letters(dice),
        5..=9 => (*dice.pick(&TEXTS)).to_owned(),
        10 | 11 => format!("{}{}", dice.pick(&TEXTS), dice.pick(&TEXTS)),
        _ => format!("{}{}", dice.pick(&TEXTS), dice.below(8)),
    }
}

fn letters(dice: &Dice) -> String {
    let letter = || {
        let (first, last) = *dice.pick(&RANGES);
        let offset = u32::try_from(dice.below((last - first) as usize)).unwrap();
        char::from_u32(first + offset).unwrap_or('\u{1f980}')
    };
    (0..=dice.below(9)).map(|_| letter()).collect()
}

/// Any JSON, not too deep.
pub fn json(dice: &Dice, depth: usize) -> Value {
    let kinds = if depth == 0 { 10 } else { 13 };
    match dice.below(kinds) {
        0 => Value::Null,
        1 => json!(dice.below(2) == 0),
        2 => json!(dice.below(100)),
        3 => json!(u64::MAX),
        4 => json!(i64::MIN),
        5 => json!(*dice.pick(&[0.1, -0.0, 1e300, 5e-324, 1e21, 123_456_789.123_456_79])),
        6 => json!("in\0side"),
        7..=9 => json!(name(dice)),
        10 => (0..dice.below(4)).map(|_| json(dice, depth - 1)).collect(),
        _ => {
            let member = |_| (name(dice), json(dice, depth - 1));
            Value::Object((0..dice.below(4)).map(member).collect())
        }
    }
}

/// Bodies that no serializer of ours would write.
const BODIES: [&[u8]; 18] = [
    b"",
    b"{",
    b"[]",
    b"null",
    b"{}",
    b"\xff",
    b"{\"username\":\"\xff\",\"user_key\":\"k\"}",
    b"{\"username\":\"a\",\"username\":\"b\",\"user_key\":\"twice\"}",
    b"{\"username\":\"\\ud800\",\"user_key\":\"lone\"}",
    b"{\"username\":\"\\ud83d\\ude00\",\"user_key\":\"pair\"}",
    b"{\"username\":\"\\u0000\",\"user_key\":\"nul\"}",
    b"{\"username\":1,\"user_key\":\"k\"}",
    b"{\"username\":null,\"user_key\":null}",
    b"{\"name\":\"n\",\"description\":\"\\u0000\"}",
    b"{\"custom_attributes\":{\"n\":1e400}}",
    b"{\"custom_attributes\":{\"n\":123456789012345678901234567890}}",
    b"{\"reports\":[1,{},{\"user_key\":\"\\u0000\",\"channel\":\"web\",\"at\":\"now\"}]}",
    b"{\"user_ids\":[\"\\u0000\",\"\",\"x\"],\"departments\":[\"\\u0000\"]}",
];

/// A body that is likely to be wrong.
pub fn odd_body(dice: &Dice) -> Vec<u8> {
    dice.pick(&BODIES).to_vec()
}

/// A time as callers write it, about now, long ago, or none at all.
pub fn moment(dice: &Dice) -> String {
    let texts = [
        "2026-02-24T12:00:00Z",
        "2026-02-24T12:00:00.001Z",
        "2026-02-24T11:59:59.999999Z",
        "2026-02-24T13:30:00+01:30",
        "2026-02-24T12:04:59Z",
        "2026-02-24T14:00:00Z",
        "2026-02-22T12:00:00Z",
        "2026-02-25T00:00:00Z",
        "1969-12-31T23:59:59.5Z",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59.999Z",
        "2026-02-30T12:00:00Z",
        "yesterday",
        "",
    ];
    (*dice.pick(&texts)).to_owned()
}
