env "local" {
  src = "file://schema.hcl"
  url = "sqlite://shop.db"
  migration {
    dir = "file://migrations"
  }
}
