//! `bindgen OUTPUT_FOLDER INPUT.wasm…`: generates the bindings for a host that hands the compiled
//! module in (`initSync({ module })`), with the function that resets the instance after a trap.

use std::path::Path;

use anyhow::{Context, Result};
use wasm_bindgen_cli_support::Bindgen;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let usage = "usage: bindgen OUTPUT_FOLDER INPUT.wasm...";
    let output = arguments.next().context(usage)?;
    for input in arguments {
        let name = Path::new(&input).file_stem().and_then(|stem| stem.to_str()).context(usage)?;
        Bindgen::new()
            .input_path(&input)
            .out_name(name)
            .web(true)?
            .typescript(false)
            .omit_default_module_path(true)
            .reset_state_function(true)
            .generate(&output)?;
    }
    Ok(())
}
