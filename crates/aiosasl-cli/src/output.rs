//! Lines of results on standard output, to whoever still reads them.

use std::{
    fmt,
    io::{self, Write as _},
    process,
};

/// Prints a line; like `println!`, and without a panic where nobody reads it.
macro_rules! outln {
    () => {
        $crate::output::line(format_args!(""))
    };
    ($($text:tt)*) => {
        $crate::output::line(format_args!($($text)*))
    };
}

pub(crate) use outln;

/// Prints a line at once. A reader who has had enough (`| head`) ends the command, and that is no fault.
pub(crate) fn line(text: fmt::Arguments<'_>) {
    let mut output = anstream::stdout().lock();
    let written = writeln!(output, "{text}").and_then(|()| output.flush());
    end_without_reader(written);
}

/// Prints octets as they are, like [`line`].
pub(crate) fn raw(octets: &[u8]) {
    let mut output = io::stdout().lock();
    let written = output.write_all(octets).and_then(|()| output.flush());
    end_without_reader(written);
}

fn end_without_reader(written: io::Result<()>) {
    match written {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => process::exit(0),
        Err(error) => {
            anstream::eprintln!("aiosasl: can't write to standard output: {error}");
            process::exit(2);
        }
    }
}
