//! Tables, files, charts: results in, words and bytes out. Does not know where a design was read
//! from.

pub mod amplification;
pub mod attempts_csv;
pub mod chart;
pub mod charts;
pub mod comparison;
pub mod comparison_json;
pub mod csv_table;
pub mod distributions_csv;
pub mod explain;
pub mod find;
pub mod folder;
pub mod hunt;
pub mod incidents;
pub mod kept;
pub mod manifest;
pub mod number;
pub mod outputs;
pub mod partial;
pub mod read_back;
pub mod replay;
pub mod results_csv;
pub mod results_json;
pub mod sensitivity;
pub mod series_csv;
pub mod show;
pub mod shrunk;
pub mod summary;
pub mod table;
pub mod trials_csv;
