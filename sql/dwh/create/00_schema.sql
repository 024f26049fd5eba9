-- title: What dwh knows about the warehouse, beside the model's tables

CREATE SCHEMA IF NOT EXISTS dwh;
