# Защита от взлома и то, что есть на всех страницах с настройками.
settings-saved = Сохранено и уже действует.
settings-nothing-changed = Изменений нет, сохранять нечего.
settings-save = Сохранить
settings-unsaved = Ещё не сохранено.
settings-check = Сначала проверить
settings-discard = Отменить правки
settings-theirs-title = Что теперь в настройках
settings-theirs-what = Введённое вами осталось в форме. Повторное сохранение заменит эти значения:
settings-theirs-none = На этой странице отличий от введённого нет: сохраните ещё раз.
settings-theirs-empty = пусто
settings-off = Защита выключена: настройки начнут действовать, когда её включат.

slip-said = { $text }
slip-subnet = Строка { $line }, позиция { $column }: «{ $entry }» — не адрес и не подсеть. Пример: 192.0.2.1, 192.0.2.0/24 или 2001:db8::/48.
slip-everybody = Строка { $line }, позиция { $column }: «{ $entry }» — это все адреса. Укажите подсети поменьше.
slip-wildcard = Строка { $line }, позиция { $column }: «{ $entry }» — не подсеть. Напишите { $meant }.
slip-range = Строка { $line }, позиция { $column }: «{ $entry }» — диапазон. Напишите подсети, например { $meant }: она содержит его целиком.
slip-prefix = Строка { $line }, позиция { $column }: у «{ $entry }» невозможная длина маски. Напишите число от 1 до { $longest }.
slip-decorated = Строка { $line }, позиция { $column }: в «{ $entry }» не только адрес. Напишите { $meant }.
slip-host-name = Строка { $line }, позиция { $column }: «{ $entry }» — имя, а имена не переводятся в адреса. Напишите сам адрес.
slip-too-many = Строка { $line }, позиция { $column }: слишком много адресов, не более { $most }. Объедините их в подсети.
slip-number = Введите целое число от { $least } до { $most }.
slip-seconds = Введите секунды от { $least } до { $most } или, например, 10m, 6h, 1d.
slip-seconds-or-forever = Введите секунды или, например, 10m, 6h, 7d; без срока — forever.
slip-sip-limit = Введите целое число до { $most }; пусто или 0 — без ограничения.

brute-force-lead = Адрес, с которого слишком часто не удаётся войти, блокируется на время.
brute-force-preset = Уровень защиты
brute-force-slider = Уровень защиты, от слабого к строгому
brute-force-own = Свои значения: ни один из четырёх уровней не совпадает с числами ниже.
brute-force-max-retry = Количество попыток для блокировки
brute-force-max-retry-hint = Неудачные входы с одного адреса; IPv6-подсеть /64 считается одним адресом.
brute-force-find-time = В течение (секунд)
brute-force-ban-time = Заблокировать на (секунд)
brute-force-growth = { $factor ->
    [2] При каждом повторе срок удваивается, но не более { $most }.
   *[other] При каждом повторе срок растёт в { $factor } раз, но не более { $most }.
}
brute-force-forever = без срока
brute-force-sip-limit = SIP-запросов в секунду с одного адреса
brute-force-sip-limit-hint = Лишнее отбрасывается. Пусто или 0 — без ограничения.
preset-weak = Слабая
preset-normal = Обычная
preset-enhanced = Усиленная
preset-paranoid = Параноидальная
preset-summary = { $n } за { $within }, на { $block }
preset-sip = SIP-запросов в секунду: { $n }

brute-force-whitelist = Белый список
brute-force-whitelist-hint = Адреса и подсети, которые никогда не блокируются. Разделяйте пробелами, запятыми или переводом строки.
brute-force-also = Кроме них никогда не блокируются
brute-force-also-network = у подсети «{ $name }» отмечено «Никогда не блокировать адреса из этой сети»
brute-force-also-signed-in = оттуда вошёл { $name }
brute-force-also-own = собственный адрес этого компьютера ({ $name })
brute-force-also-loopback = сам этот компьютер
brute-force-also-none = Никто. В сетевом экране можно отметить «Никогда не блокировать адреса из этой сети».

brute-force-advice = Блокировка не сделает простой пароль надёжным.
brute-force-advice-more = Пароль, угаданный с первого раза, — это не неудачная попытка. Задайте каждому внутреннему номеру и каждой учётной записи длинный случайный пароль.

outcome-unchanged = Пока ничего не изменено.
outcome-no-failures = Неудачных входов пока не записано, проверить изменение не на чем.
outcome-more = По записям за { $span } было бы заблокировано на { $more } { $more ->
    [one] адрес
    [few] адреса
   *[many] адресов
} больше
outcome-fewer = По записям за { $span } было бы заблокировано на { $fewer } { $fewer ->
    [one] адрес
    [few] адреса
   *[many] адресов
} меньше
outcome-both = По записям за { $span } было бы заблокировано на { $more } { $more ->
    [one] адрес
    [few] адреса
   *[many] адресов
} больше и на { $fewer } меньше прежних
outcome-same = По записям за { $span } были бы заблокированы те же адреса
outcome-detail = { $after } вместо { $before }, записано неудачных входов: { $failures }.
outcome-added = Были бы заблокированы
outcome-hint = Пока адрес заблокирован, его попытки не записываются, поэтому мягкие настройки выглядят здесь чуть мягче, чем на деле.
outcome-removed = Не были бы заблокированы
outcome-and-more = и ещё { $n }
