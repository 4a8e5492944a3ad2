//! What is read from hand-written texts.

use super::*;

#[test]
fn dump() {
    let Ok(path) = std::env::var("DUMP") else { return };
    let text = std::fs::read_to_string(path).unwrap();
    eprintln!("{}", serde_json::to_string_pretty(&parse(&text)).unwrap());
}
