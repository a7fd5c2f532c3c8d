# Ловушки и фильтры.
jails-lead = Ловушка считает неудачные входы в одну службу, которые находит её фильтр, и блокирует тех, у кого их слишком много.
jails-off = Защита выключена: ни одна ловушка не считает.
jails-on = Включённые ловушки
jails-none = Ни одна ловушка не включена. Ловушка включается сама, когда её служба пишет журнал на этом компьютере.
jails-jail = Ловушка и порты
jails-sources = Читает
jails-limits = Блокирует после
jails-found = Найдено
jails-banned = Заблокировано сейчас
jails-dropped = Отброшено
jails-try = Проверить строку
jails-try-short = Проверить
jails-filter = фильтр { $name }
jails-all-ports = все порты
jails-not-read = Не читается:
jails-page = Входы на эту страницу
jails-no-source = Для неё ничего не читается.
jails-since-start = с запуска: { $n }

remarks = Настройки fail2ban: что делается иначе
remarks-lead = То, что написано в этих местах, здесь делается иначе. В каждом случае по-английски указано, что происходит вместо этого.
remarks-no-file = не из файла
remarks-jails = { $n ->
    [one] ловушка
   *[other] ловушки
}: { $jails }
remarks-more-jails = и ещё { $n }
remarks-action = действие: { $name }
remarks-more = Ещё { $n } здесь не показано; все выводит команда stockade status.

try-title = Проверить строки фильтром
try-filter = Фильтр
try-lines = Строки журнала
try-hint = Вставьте одну или несколько строк, не больше { $n }. Проверка ничего не засчитывает и никого не блокирует.
try-try = Проверить
try-example = Подставить пример
try-nothing = Сначала вставьте строку.
try-sum = Неудачных входов: { $failures }, успешных: { $successes }, пропущено намеренно: { $ignored }, не распознано: { $missed }
try-line = строка { $n }
try-address = Адрес
try-account = Учётная запись
try-time = Время
try-pattern = Шаблон
try-proof = Достоверность
verdict-failure = Неудачный вход
verdict-success = Успешный вход
verdict-ignored = Пропущено намеренно
verdict-missed = Не распознано
proof-proven = доказано: адрес действительно принадлежит отправителю
proof-claimed = со слов: адрес можно подделать, поэтому блокировка короткая
why-no-syslog-prefix = Этот фильтр читает строки syslog, а эта начинается иначе (нет времени, компьютера и программы).
why-other-program = Строка программы «{ $program }», а этот фильтр читает строки { $reads }.
why-no-literal = В ней нет ни одного из текстов, без которых неудачного входа не бывает.
why-near = Шаблон { $pattern }: текст «{ $literal }» есть, но остальная строка не подходит.

filters-all = Все фильтры
filters-filter = Фильтр
filters-finds = Что находит
filters-state = Состояние
filters-on = включён
filters-not-on = не включён
