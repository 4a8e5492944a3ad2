//! XML answers as JSON by the same names: an element with elements is an object, `member` and `entry` lists are arrays, all
//! else is text. XML does not tell a number from text; who reads it knows.

use roxmltree::{Document, Node};
use serde_json::{Map, Value as Json};

/// Elements that are the items of a list.
const ITEMS: [&str; 2] = ["member", "entry"];

/// The JSON of a document's root element, without its name.
pub(super) fn read(text: &str) -> Option<Json> {
    Some(value(Document::parse(text).ok()?.root_element()))
}

fn value(element: Node<'_, '_>) -> Json {
    let children = || element.children().filter(Node::is_element);
    if children().next().is_none() {
        return Json::String(element.text().unwrap_or_default().to_owned());
    }
    if children().all(|child| ITEMS.contains(&child.tag_name().name())) {
        return children().map(value).collect();
    }
    let mut object = Map::new();
    for child in children() {
        let (name, made) = (child.tag_name().name().to_owned(), value(child));
        match object.get_mut(&name) {
            Some(Json::Array(items)) => items.push(made),
            Some(first) => *first = Json::Array(vec![first.take(), made]),
            None => {
                object.insert(name, made);
            }
        }
    }
    Json::Object(object)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn elements_become_objects_lists_and_texts() {
        let text = "<R xmlns='x'><Arn>a</Arn><None/><Names><member>a</member></Names><Rule>1</Rule><Rule>2</Rule></R>";
        let expected = json!({"Arn": "a", "None": "", "Names": ["a"], "Rule": ["1", "2"]});
        assert_eq!(read(text), Some(expected));
        assert_eq!(read("<R>"), None);
    }
}
