//! XML as JSON by the same names: an element with elements is an object, lists of `member`, `entry` and `item` are arrays, all
//! else is text. XML does not tell a number from text, nor a list of one item by another name from an object; who reads it
//! knows ([`items`]).

use std::fmt::Write as _;

use roxmltree::{Document, Node};
use serde_json::{Map, Value as Json};

/// Elements that are the items of a list.
const ITEMS: [&str; 3] = ["member", "entry", "item"];

/// The name of a document's root element, and its JSON.
pub(super) fn read(text: &str) -> Option<(String, Json)> {
    let document = Document::parse(text).ok()?;
    let root = document.root_element();
    Some((root.tag_name().name().to_owned(), value(root)))
}

/// The items of a list whose items have a name of their own: one alone looks like an object, and none like an empty text.
pub fn items(list: &Json) -> &[Json] {
    match list {
        Json::Array(items) => items,
        Json::Null => &[],
        Json::String(text) if text.is_empty() => &[],
        one => std::slice::from_ref(one),
    }
}

/// The document of `{root: content}`, in S3's namespace; the empty text for null.
pub(super) fn write(document: &Json) -> String {
    let mut text = String::new();
    for (root, content) in document.as_object().into_iter().flatten() {
        open(root, " xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"", content, &mut text);
    }
    text
}

fn open(name: &str, attributes: &str, content: &Json, text: &mut String) {
    match content {
        Json::Null => return,
        Json::Array(items) => return items.iter().for_each(|item| open(name, attributes, item, text)),
        _ => {}
    }
    let _ = write!(text, "<{name}{attributes}>");
    match content {
        Json::Object(fields) => fields.iter().for_each(|(field, content)| open(field, "", content, text)),
        Json::String(value) => {
            let escaped = value.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            text.push_str(&escaped);
        }
        other => text.push_str(&other.to_string()),
    }
    let _ = write!(text, "</{name}>");
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
        assert_eq!(read(text), Some(("R".to_owned(), expected)));
        assert_eq!(read("<R>"), None);
    }

    #[test]
    fn a_document_reads_back_as_it_was_written() {
        let content = json!({"Status": "a < b & c", "Rule": [{"ID": "x"}, {"ID": "y"}]});
        let text = write(&json!({"Configuration": content, "None": null}));
        assert_eq!(read(&text), Some(("Configuration".to_owned(), content)), "{text}");
    }

    #[test]
    fn a_list_of_one_item_is_a_list() {
        let (one, none) = (json!({"ID": "x"}), json!(""));
        assert_eq!((items(&one).len(), items(&none).len(), items(&json!([1, 2])).len()), (1, 0, 2));
    }
}
