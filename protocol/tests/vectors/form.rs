//! The encoding itself: one spelling per value.

use serde_json::json;

use haat_protocol::codec::encode;

use crate::sheet::{Case, Sheet};

fn case(kind: &str, hex: &str) -> Case {
    let bytes = data_encoding::HEXLOWER.decode(hex.as_bytes()).expect("hexadecimal text");
    Case::new("form", bytes).with(json!({"type": kind, "most": 64}))
}

pub(crate) fn sheet() -> Sheet {
    let mut sheet = Sheet::new("form", "The encoding (1): one spelling per value, under a cap of bytes.");
    for (name, number) in
        [("0", 0), ("23", 23), ("24", 24), ("255", 255), ("256", 256), ("65536", 1 << 16), ("2^32", 1 << 32), ("2^64-1", u64::MAX)]
    {
        sheet.good(name, "an integer in its shortest form", Case::new("form", encode(&number)).with(json!({"type": "int", "most": 64})));
    }
    sheet.good("text", "a text in UTF-8", case("text", "68e6b89de88cb621 21".replace(' ', "").as_str()));
    sheet.good("empty", "an empty array", case("ints", "80"));
    sheet.good("null", "what may be missing is null", case("int?", "f6"));
    sheet.good("true", "a truth value", case("bool", "f5"));
    sheet.good(
        "keys",
        "shorter keys first, keys of one length byte by byte",
        case("map", "a3617a40626161406262 6140".replace(' ', "").as_str()),
    );
    for (name, what, kind, hex) in WRONG {
        sheet.bad(name, what, case(kind, hex), "form");
    }
    sheet.good(
        "at cap",
        "as many bytes as allowed",
        Case::new("form", [0x58, 62]).and_zeros(62).with(json!({"type": "bytes", "most": 64})),
    );
    sheet.bad(
        "over cap",
        "one byte more",
        Case::new("form", [0x58, 63]).and_zeros(63).with(json!({"type": "bytes", "most": 64})),
        "oversize",
    );
    sheet
}

const WRONG: &[(&str, &str, &str, &str)] = &[
    ("long 5", "5 in two bytes", "int", "1805"),
    ("long 24", "24 in three bytes", "int", "190018"),
    ("long 256", "256 in five bytes", "int", "1a00000100"),
    ("long 2^16", "65536 in nine bytes", "int", "1b0000000000010000"),
    ("long length", "the length of a text in two bytes", "text", "780161"),
    ("long array", "the length of an array in two bytes", "ints", "980105"),
    ("nothing", "no bytes", "int", ""),
    ("left over", "a byte after the value", "int", "0500"),
    ("cut", "a text that ends too early", "text", "6261"),
    ("indefinite", "an array of indefinite length", "ints", "9f05ff"),
    ("indefinite text", "a text in pieces", "text", "7f6161ff"),
    ("float", "5.0 as a float", "int", "fb4014000000000000"),
    ("half", "a short float", "int", "f94500"),
    ("tag", "a tagged integer", "int", "c105"),
    ("undefined", "undefined instead of null", "int?", "f7"),
    ("negative", "a negative number where none may be", "int", "20"),
    ("other type", "a text where an integer belongs", "int", "6135"),
    ("numbers", "an array of numbers where a byte string belongs", "bytes", "820102"),
    ("not utf-8", "a text that is not UTF-8", "text", "61ff"),
    ("surrogate", "half of a surrogate pair", "text", "63eda080"),
    ("keys unsorted", "keys in another order", "map", "a2616240616140"),
    ("keys by bytes", "a longer key first", "map", "a262616140617a40"),
    ("keys double", "one key twice", "map", "a2616140616140"),
    ("number key", "a key that is no text", "map", "a10140"),
    ("huge array", "an array that claims more items than there are bytes", "ints", "9bffffffffffffffff"),
    ("huge bytes", "a byte string that claims to be endless", "bytes", "5bffffffffffffffff"),
    ("nested", "arrays in arrays instead of numbers", "ints", "81818181818181818100"),
];
