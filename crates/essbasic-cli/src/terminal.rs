//! The terminal on stderr to which the progress bar is drawn.

use std::io;

use console::{Term, is_dumb};
use indicatif::{ProgressDrawTarget, TermLike};

use crate::streams;

/// Maximum number of draws per second, the default of indicatif.
const DRAWS_PER_SECOND: u8 = 20;

/// Returns stderr as the target of a bar. The bar is hidden if the terminal cannot move the cursor.
pub(crate) fn stderr() -> ProgressDrawTarget {
    let terminal = Term::buffered_stderr();
    match terminal.is_term() && !is_dumb() {
        true => {
            ProgressDrawTarget::term_like_with_hz(Box::new(Counted(terminal)), DRAWS_PER_SECOND)
        }
        false => ProgressDrawTarget::hidden(),
    }
}

/// A buffered terminal whose writes are counted. Only [`TermLike::flush`] writes; everything else fills the buffer.
#[derive(Debug)]
struct Counted(Term);

impl TermLike for Counted {
    fn width(&self) -> u16 {
        TermLike::width(&self.0)
    }

    fn height(&self) -> u16 {
        TermLike::height(&self.0)
    }

    fn move_cursor_up(&self, lines: usize) -> io::Result<()> {
        self.0.move_cursor_up(lines)
    }

    fn move_cursor_down(&self, lines: usize) -> io::Result<()> {
        self.0.move_cursor_down(lines)
    }

    fn move_cursor_right(&self, columns: usize) -> io::Result<()> {
        self.0.move_cursor_right(columns)
    }

    fn move_cursor_left(&self, columns: usize) -> io::Result<()> {
        self.0.move_cursor_left(columns)
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.0.write_line(text)
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        self.0.write_str(text)
    }

    fn clear_line(&self) -> io::Result<()> {
        self.0.clear_line()
    }

    fn flush(&self) -> io::Result<()> {
        streams::count(|| self.0.flush())
    }
}
