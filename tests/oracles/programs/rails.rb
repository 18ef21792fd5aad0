# Runs Rails: the versions that it would store, in its order, after its own check of them all.
# Reads a folder as a JSON string from each line, and prints what Rails finds in it as JSON.

require "json"
require "active_record"

answers = $stdout.dup
$stdout = $stderr

ActiveRecord::Migration # brings the classes below
check = ActiveRecord::Migrator.allocate

$stdin.each_line do |line|
  begin
    # Rails asks a database only for what was applied.
    migrations = ActiveRecord::MigrationContext.new(JSON.parse(line), nil).migrations
    check.send(:validate, migrations)
    said = { ids: migrations.map { |migration| migration.version.to_s } }
  rescue ActiveRecord::MigrationError => error
    said = { refusal: error.message }
  end
  answers.puts(JSON.generate(said))
  answers.flush
end
