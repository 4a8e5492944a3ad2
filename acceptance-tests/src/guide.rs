//! A guide of `docs/guides` as what it tells its reader to do, in order.
//!
//! The prose stays prose. A code block gets its meaning from its language and from the last line before it:
//!
//! | Block | Line before it | Meaning |
//! |---|---|---|
//! | any | "Put this into `FILE`:" | the file, anew |
//! | any | "Add this to `FILE`:" | more of the file |
//! | `diff` | "Change `FILE`:" | lines of the file, changed |
//! | `shell` | | commands |
//! | `shell` | ends with "in a second terminal:" | one command that goes on until the guide ends |
//! | `text`, `json` | directly after `shell` | what it prints; `...` stands for anything |
//! | `terraform` | | a fragment that must be valid |
//! | `rust` | "From `FILE`:" | a quotation of the repository |
//!
//! Two comments, which a reader does not see, stand right before a block: `<!-- fails -->` for commands that must end
//! with an error, and `<!-- not run: REASON -->`.

mod parse;
mod play;

pub use parse::{Action, Step, steps_of};
pub use play::{Reader, says};
