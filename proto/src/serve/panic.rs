//! What a panic leaves behind: lines that Terraform recognises and shows, instead of "did not respond".

use std::backtrace::Backtrace;
use std::fmt::Display;
use std::io::{self, Write as _};
use std::panic::PanicHookInfo;

/// From now on a panic in any thread is reported so. `who` is the provider and its version.
pub(super) fn install(who: String) {
    std::panic::set_hook(Box::new(move |panic| {
        let text = report(&who, &message(panic), panic.location(), &Backtrace::force_capture());
        // Without stderr there is nobody left to tell.
        let _ = io::stderr().lock().write_all(text.as_bytes());
    }));
}

/// Terraform looks for a line that begins with `panic: ` and shows what follows.
fn report(who: &str, message: &str, location: Option<&impl Display>, backtrace: &impl Display) -> String {
    let thread = std::thread::current();
    let thread = thread.name().unwrap_or("without a name");
    let place = location.map(|location| format!(" at {location}")).unwrap_or_default();
    let message = message.replace('\n', "\n  ");
    format!("panic: {message}\n\n{who}, thread {thread}{place}\n\n{backtrace}\n")
}

fn message(panic: &PanicHookInfo<'_>) -> String {
    let payload = panic.payload();
    let text = payload.downcast_ref::<&str>().copied().or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("(a panic without a message)").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_is_one_that_terraform_looks_for() {
        let text = report("example.com/a/b 1.2.3", "index out of bounds", Some(&"src/a.rs:1:2"), &"0: main");
        assert!(text.starts_with("panic: index out of bounds\n\nexample.com/a/b 1.2.3, thread "), "{text}");
        assert!(text.contains(" at src/a.rs:1:2\n") && text.ends_with("0: main\n"), "{text}");
    }
}
