//! A choice is a list of different words.

use tfplugin::Choice;

#[derive(PartialEq, Choice)]
enum Empty {}

#[derive(PartialEq, Choice)]
struct NoEnum;

#[derive(PartialEq, Choice)]
enum Fields {
    One(bool),
    Two,
}

#[derive(PartialEq, Choice)]
#[tf(rename = "snakecase")]
enum Twins {
    One,
    #[tf(name = "ONE")]
    Other,
    #[tf(ignore_case)]
    Misplaced,
}
