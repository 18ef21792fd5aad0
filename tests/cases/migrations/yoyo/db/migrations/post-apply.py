from yoyo import step

step("UPDATE orders SET id = id")
