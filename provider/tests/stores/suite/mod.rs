//! What every store of phases does, whatever it is kept in.

pub(crate) mod accidents;
pub(crate) mod damage;
pub(crate) mod life;
pub(crate) mod pages;
pub(crate) mod rivals;
