//! The expansion stands on its own, whatever the user's names are.

#[allow(dead_code)]
mod names_of_the_prelude_are_taken {
    struct Option;
    struct Some;
    struct None;
    struct String;
    struct Vec;
    struct Result;
    struct Box;
    mod std {}
    mod core {}

    /// Fields called as the expansion's own variables could be.
    #[derive(tfplugin::Object)]
    pub(crate) struct Taken {
        /// A value.
        #[tf(default = attribute())]
        pub value: tfplugin::Value<i64>,
        /// A path.
        #[tf(optional)]
        pub path: tfplugin::Value<bool>,
        /// Diagnostics.
        #[tf(computed)]
        pub diagnostics: tfplugin::Value<Kind>,
    }

    fn attribute() -> i64 {
        1
    }

    /// Words.
    #[derive(PartialEq, tfplugin::Choice)]
    pub(crate) enum Kind {
        None,
        Some,
    }
}

#[test]
fn a_doc_comment_may_be_a_file() {
    #[doc = include_str!("included.md")]
    #[derive(tfplugin::Object)]
    struct Documented {
        #[doc = "In two"]
        #[doc = "lines."]
        #[tf(optional)]
        #[allow(dead_code)]
        field: tfplugin::Value<bool>,
    }
    let schema = <Documented as tfplugin::Object>::schema();
    assert_eq!(schema.description, include_str!("included.md"));
    assert_eq!(schema.attributes[0].description, "In two lines.");
}

#[test]
fn a_macro_may_make_the_struct() {
    macro_rules! sized {
        ($name:ident, $size:tt, $doc:tt) => {
            /// Something with a size.
            #[derive(tfplugin::Object)]
            struct $name {
                #[doc = $doc]
                #[tf(default = $size, ext(concat!("size.", $size)))]
                size: tfplugin::Value<String>,
            }
        };
    }
    macro_rules! large {
        ($name:ident) => {
            sized!($name, "large", "How large it is.");
        };
    }
    large!(Thing);
    let schema = <Thing as tfplugin::Object>::schema();
    let size = &schema.attributes[0];
    assert_eq!((size.description.as_ref(), size.extensions.get::<&str>()), ("How large it is.", Some(&"size.large")));
    assert_eq!(size.default, Some(tfplugin::Dynamic::string("large")));
    let thing = Thing { size: tfplugin::Value::Known("small".to_owned()) };
    assert_eq!(tfplugin::Object::encode(&thing).get("size"), &tfplugin::Dynamic::string("small"));
}
