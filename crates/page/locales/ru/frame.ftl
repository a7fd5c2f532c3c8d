# То, что окружает каждую страницу. `number-group` отделяет тысячи: запятая, точка или пробел.
language-name = Русский
number-group = { "\u00A0" }
number = { $n }

skip-to-content = К содержанию
menu = Меню
nav-label = Страницы
nav-overview = Обзор
nav-blocked = Заблокированные адреса
nav-brute-force = Защита от взлома
nav-firewall = Сетевой экран
nav-jails = Ловушки и фильтры
nav-keys = Блокировщики и ключи
nav-journal = Журнал действий
sign-out = Выйти
to-overview = К обзору

trial-title = Связь не потеряна?
trial-before = Без подтверждения изменение будет отменено
trial-by = Автор изменения: { $actor }.
trial-confirm = Оставить изменение
trial-take-back = Отменить сейчас
trial-confirmed = Изменение сохранено.
trial-taken-back = Изменение отменено.
read-only-title = Настройки здесь изменить нельзя
read-only-what = Всё можно посмотреть, а адреса — блокировать и разблокировать.

no-such-page = Такой страницы нет
no-such-page-what = Возможно, в адресе опечатка или страницы больше не существует.
fault-wrong = В форме есть ошибка
fault-refused = Действие не выполнено
fault-missing = Этого больше нет
fault-changed = Настройки уже изменились
fault-changed-what = Пока страница была открыта, настройки изменил кто-то другой или изменился сам файл. Посмотрите, что там теперь, и сохраните ещё раз.
fault-cut-off = Вы потеряете доступ
fault-read-only = Настройки не записываются
fault-broken = Выполнить не удалось

time-today = сегодня { $time }
time-yesterday = вчера { $time }
time-day = { $day } { $month } { $time }
time-date = { $day } { $month } { $year }
time-in = через { $span }
span-days = { $n } { $n ->
    [one] день
    [few] дня
   *[many] дней
}
span-hours = { $n } ч
span-minutes = { $n } мин
span-seconds = { $n } с
bytes = { $n } { $n ->
    [one] байт
    [few] байта
   *[many] байт
}
kilobytes = { $n } КБ
megabytes = { $n } МБ
gigabytes = { $n } ГБ
month-january = янв
month-february = фев
month-march = мар
month-april = апр
month-may = мая
month-june = июн
month-july = июл
month-august = авг
month-september = сен
month-october = окт
month-november = ноя
month-december = дек
