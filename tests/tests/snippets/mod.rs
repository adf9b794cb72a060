//! Programs of `essbasic snippet` for all actions and in all languages.

mod python;
mod recorder;
mod rust;
mod scripts;
